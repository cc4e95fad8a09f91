// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects
import Logging
import Testing

@testable import Proxy

/// Lines of a log as JSON.
@Suite struct JSONLogHandlerTests {
    private func line(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata = [:]) -> String {
        let event = LogEvent(
            level: level, message: message, metadata: metadata, source: "s", file: "f", function: "g", line: 1)
        return JSONLogHandler(level: .trace).text(event, milliseconds: 1_795_488_852_123.5)
    }

    @Test func informationHasALevelAndErrorsAnError() {
        #expect(line(.info, "done") == #"{"ts":1795488852123.5,"level":"info","msg":"done","v":0}"#)
        #expect(line(.debug, "seen") == #"{"ts":1795488852123.5,"level":"debug","msg":"seen","v":4}"#)
        #expect(line(.warning, "odd") == #"{"ts":1795488852123.5,"level":"warning","msg":"odd","v":0}"#)
        #expect(line(.error, "bad") == #"{"ts":1795488852123.5,"level":"error","msg":"bad","err":"bad"}"#)
    }

    @Test func fieldsKeepTheirTypesAndLinesForPeopleLeaveThemOut() {
        let fields = LogField.metadata(["rules_added": .integer(3), "tables": .array([.string("nat")])])
        #expect(
            line(.info, "done", fields)
                == #"{"ts":1795488852123.5,"level":"info","msg":"done","v":0,"rules_added":3,"tables":["nat"]}"#)
        let event = LogEvent(
            level: .info, message: "done", metadata: fields, source: "s", file: "f", function: "g", line: 1)
        #expect(
            LineLogHandler(level: .info).text(event, at: Timestamp(seconds: 0)) == "1970-01-01T00:00:00.000Z info done")
    }

    @Test("a line is a line whatever is in it, also when a program has read it and prints its parts")
    func hostileText() {
        #expect(
            line(.info, "a\n\"b\"\u{0}\u{9b}", ["msg": "other", "key": "x\ny"])
                == #"{"ts":1795488852123.5,"level":"info","msg":"a\\n\"b\"\\u{0}\\u{9b}","v":0,"key":"x\\ny"}"#)
    }
}
