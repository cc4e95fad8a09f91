// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Testing

@Suite("Points in time") struct TimestampTests {
    @Test(
        "RFC 3339 is read as Go reads it, and written as Go writes it",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
            ("2026-11-24T03:47:15Z", 1_795_492_035, 0, "2026-11-24T03:47:15Z"),
            ("2026-11-24T03:47:15.250Z", 1_795_492_035, 250_000_000, "2026-11-24T03:47:15.25Z"),
            ("2026-11-24T04:47:15.000000001+01:00", 1_795_492_035, 1, "2026-11-24T03:47:15.000000001Z"),
            ("2026-11-23T22:17:15.1234567899-05:30", 1_795_492_035, 123_456_789, "2026-11-24T03:47:15.123456789Z"),
            ("2024-02-29T23:59:59Z", 1_709_251_199, 0, "2024-02-29T23:59:59Z"),
            ("1969-12-31T23:59:59.5Z", -1, 500_000_000, "1969-12-31T23:59:59.5Z"),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0, "0001-01-01T00:00:00Z"),
        ])
    func reading(text: String, seconds: Int, nanoseconds: Int, written: String) throws {
        let time = try #require(Timestamp(text))
        #expect(time == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(time.description == written)
    }

    @Test(
        "what is no time is none",
        arguments: [
            "", "soon", "2026-11-24", "2026-11-24 03:47:15Z", "2026-11-24T03:47:15", "2026-13-24T03:47:15Z",
            "2026-02-29T03:47:15Z", "2026-11-24T24:00:00Z", "2026-11-24T03:60:15Z", "2026-11-24T03:47:60Z",
            "2026-11-24T03:47:15.Z", "2026-11-24T03:47:15+25:00", "2026-11-24T03:47:15Z ", "٢٠٢٦-11-24T03:47:15Z",
        ])
    func nonsense(text: String) { #expect(Timestamp(text) == nil) }

    @Test("durations and order, across the second")
    func duration() {
        let early = Timestamp(seconds: 10, nanoseconds: 900_000_000)
        let late = Timestamp(seconds: 12, nanoseconds: 100_000_000)
        #expect(early < late)
        #expect(early.duration(to: late) == .milliseconds(1200))
        #expect(late.duration(to: early) == .milliseconds(-1200))
        #expect(late.withMilliseconds == "1970-01-01T00:00:12.100Z")
    }
}
