// SPDX-License-Identifier: Apache-2.0

import Inspection
import KubernetesObjects
import NetworkTypes
import Proxy
import ServiceModel
import Testing

@testable import Monitoring

@Suite("The syncs of the last hour") struct SyncMinutesTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    private static func time(_ seconds: Int) -> Timestamp { Timestamp(seconds: start.seconds + seconds) }

    /// A change of `default/web` that was seen so many milliseconds before `seconds`.
    private static func change(_ milliseconds: Int, at seconds: Int) -> ServiceChange? {
        let time = time(seconds - 1)
        let seen = Timestamp(seconds: time.seconds, nanoseconds: (1000 - milliseconds) * 1_000_000)
        return ServiceChange(
            ServiceName(name: "web"), from: [], to: [ServicePortEndpoints(servicePort: .sample("web"), endpoints: [])],
            trigger: seen)
    }

    @Test("are counted minute by minute, with the median and the longest time")
    func minutes() throws {
        var history = SyncMinutes(.ipv4)
        for milliseconds in [100, 300, 200] {
            history.note(
                .sample(reason: .change, changes: [try #require(Self.change(milliseconds, at: 10))]), at: Self.time(10))
        }
        history.note(.sample(reason: .check, drift: 2), at: Self.time(70))
        history.noteFailure(at: Self.time(75))
        let minutes = history.minutes(until: Self.time(80))
        #expect(minutes.map(\.time) == ["2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"])
        #expect(minutes.map(\.syncs) == [3, 1])
        #expect(minutes.map(\.changes) == [3, 0])
        #expect(minutes.map(\.failures) == [0, 1])
        #expect(minutes.map(\.driftedRules) == [0, 2])
        #expect(minutes[0].latency == .init(median: 200, maximum: 300))
        #expect(minutes[1].latency == nil)
        // 1 ms to compile, and 63 ms in phases.
        #expect(minutes.map(\.duration) == [.init(median: 64, maximum: 64), .init(median: 64, maximum: 64)])
    }

    @Test("are forgotten after an hour, whether or not more come")
    func forgetting() {
        var history = SyncMinutes(.ipv4)
        for minute in 0..<200 { history.note(.sample(), at: Self.time(minute * 60)) }
        #expect(history.minutes(until: Self.time(199 * 60)).count == SyncMinutes.count)
        #expect(history.minutes(until: Self.time(229 * 60)).count == 30)
        #expect(history.minutes(until: Self.time(300 * 60)).isEmpty)
        // A clock that is set back begins again.
        history.note(.sample(), at: Self.time(0))
        #expect(history.minutes(until: Self.time(0)).map(\.syncs) == [1])
    }

    @Test("take bounded memory, however many there are in a minute")
    func bounds() throws {
        var history = SyncMinutes(.ipv4)
        let change = try #require(Self.change(100, at: 10))
        let late = try #require(Self.change(900, at: 10))
        for _ in 0..<1_000 { history.note(.sample(changes: [change]), at: Self.time(10)) }
        for _ in 0..<2_000 { history.note(.sample(changes: [late]), at: Self.time(10)) }
        let minute = try #require(history.minutes(until: Self.time(10)).first)
        #expect(minute.changes == 3_000)
        // The median is that of the first 1,000, the longest that of all.
        #expect(minute.latency == .init(median: 100, maximum: 900))
    }

    @Test("are a report of the running program, by family")
    func report() throws {
        let record = SyncRecord(now: { Self.start })
        for family in IPFamily.allCases { record.observe(.synchronized(.sample(family: family))) }
        record.observe(.failed(.sample(.ipv6)))
        var state = SampleReports.state()
        #expect(throws: InquiryFailure.self) { try SyncHistoryInquiry().report(on: state) }
        var loop = LoopState(time: Self.start, startTime: Self.start)
        loop.syncs = record
        state.loop = loop
        let report = try #require(try SyncHistoryInquiry().report(on: state) as? SyncHistory)
        #expect(report.items.map(\.ipFamily) == ["IPv4", "IPv6"])
        #expect(report.items.map(\.failures) == [0, 1])
        var lines: [String] = []
        report.writeText(ReportStyle()) { lines.append($0) }
        #expect(lines.first?.hasPrefix("TIME") == true && lines.count == 3)
    }
}
