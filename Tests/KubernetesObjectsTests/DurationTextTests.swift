// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import KubernetesObjects

/// Durations are read and written as Go does.
@Suite struct DurationTextTests {
    @Test func durationsAreRead() {
        let texts: [(String, Duration?)] = [
            ("30s", .seconds(30)), ("1m30s", .seconds(90)), ("24h0m0s", .seconds(86_400)), ("1.5h", .seconds(5400)),
            ("100ms", .milliseconds(100)), ("0", .zero), ("0s", .zero), (".5s", .milliseconds(500)),
            ("1.s", .seconds(1)), ("-1s", .seconds(-1)), ("", nil), ("30", nil), ("s", nil), ("1 s", nil),
            ("1d", nil), (".s", nil), ("1.2.3s", nil), ("99999999999h", nil),
        ]
        for (text, duration) in texts { #expect(DurationText.parse(text) == duration, "\(text)") }
    }

    @Test func durationsAreWritten() {
        let texts: [(Duration, String)] = [
            (.zero, "0s"), (.nanoseconds(7), "7ns"), (.nanoseconds(1_500), "1.5µs"),
            (.microseconds(100_250), "100.25ms"),
            (.milliseconds(1_005), "1.005s"), (.seconds(60), "1m0s"), (.seconds(90), "1m30s"),
            (.seconds(86_400), "24h0m0s"), (.milliseconds(-1_500), "-1.5s"),
        ]
        for (duration, text) in texts { #expect(DurationText.text(duration) == text) }
    }

    @Test func whatIsWrittenIsReadAgain() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let scale = generator.pick([Int64(1), 1_000, 1_000_000, 1_000_000_000])
            let duration = Duration.nanoseconds(Int64.random(in: 0..<100_000, using: &generator) * scale)
            #expect(DurationText.parse(DurationText.text(duration)) == duration)
        }
    }
}
