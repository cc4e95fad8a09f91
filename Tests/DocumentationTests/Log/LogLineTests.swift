// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The operations page explains the lines of the log that there are, and no others.
@Suite struct LogLineTests {
    @Test func eachLineThatIsWrittenIsExplained() throws {
        let explained = try LogLines.explained()
        for line in try LogLines.written() where line.contains(where: \.isLetter) {
            let isExplained = explained.contains { Self.pattern($0, matches: line) || Self.pattern(line, matches: $0) }
            #expect(isExplained, "Operations.md has no row for \"\(line)\"")
        }
    }

    @Test func eachLineThatIsExplainedIsWritten() throws {
        let sources = try LogLines.joinedSources()
        let explained = try LogLines.explained()
        #expect(explained.count > 20)
        for line in explained {
            for piece in line.split(separator: "…").map({
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " :;,"))
            })
            where piece.contains(where: \.isLetter) {
                #expect(sources.contains(piece), "\"\(piece)\" of \"\(line)\" is nowhere in the sources")
            }
        }
    }

    @Test func literalsAreReadAsTheyAreWritten() {
        #expect(SourceLiteral.read(#""a \(b.c("d")) e" + "f\(g)" + h"#) == "a … ef…")
        #expect(SourceLiteral.read("\"\"\"\n    a \\\n    b\n    \"\"\"") == "a b")
    }

    private static func pattern(_ pattern: String, matches text: String) -> Bool {
        ShownOutput([pattern]).matches([text])
    }
}
