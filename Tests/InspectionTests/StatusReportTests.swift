// SPDX-License-Identifier: Apache-2.0

import Foundation
import Inspection
import KubernetesObjects
import NetworkTypes
import Testing
import XTables

@Suite("The status") struct StatusReportTests {
    private func running() -> InspectedState {
        var state = SampleState.read(SampleState.shop)
        state.objectWarnings = []
        var loop = LoopState(time: Timestamp(seconds: 1000), startTime: Timestamp(seconds: 0))
        var family = FamilyState()
        family.inSyncSince = Timestamp(seconds: 10, nanoseconds: 5)
        family.lastSync = SyncFacts(
            time: Timestamp(seconds: 990), reason: "change",
            tables: [.init(table: .filter, entries: 31), .init(table: .nat, entries: 52)],
            phases: [("compile", .microseconds(150)), ("commit", .milliseconds(2))])
        loop.families[.ipv4] = family
        var late = FamilyState()
        late.outOfSync = (Timestamp(seconds: 60), "no rules have been applied yet")
        loop.families[.ipv6] = late
        loop.warnings = ["IPv4: list KUBE-SEP-X is full"]
        state.loop = loop
        return state
    }

    @Test("shows families, the last sync, states and warnings")
    func text() throws {
        let text = try SampleState.text(StatusInquiry(), running())
        #expect(
            text.hasPrefix(
                """
                version    0.0.0
                node       node-1, zone a
                source     manifests=m
                started    1970-01-01T00:00:00Z
                IPv4       in sync since 1970-01-01T00:00:10Z
                           filter 31 entries, nat 52 entries; 4 service ports, 4 endpoints
                           last sync 1970-01-01T00:16:30Z (change)
                           compile 0.2, commit 2.0 ms
                IPv6       out of sync since 1970-01-01T00:01:00Z: no rules have been applied yet
                Services   6
                ports      1 invalid, 1 conflict, 1 no-endpoints, 1 no-local-endpoints, 1 not-proxied, 1 ok
                warnings   3
                  invalid: m.yaml: document 8: line
                """))
        #expect(text.contains("\n  conflict: 10.96.0.11:80/TCP of shop/thief is claimed by shop/alone too"))
        #expect(text.hasSuffix("\n  IPv4: list KUBE-SEP-X is full\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= ReportStyle.width })
    }

    @Test("fits 20 lines, however many warnings there are")
    func limit() throws {
        var state = running()
        state.loop?.warnings = (0..<50).map { "warning \($0)" }
        let lines = try SampleState.text(StatusInquiry(), state).split(separator: "\n")
        #expect(lines.count == StatusReport.lineLimit)
        #expect(lines.last == "  … and 45 more (-o wide shows all)")
        #expect(try SampleState.text(StatusInquiry(), state, ReportOutput(.wide)).hasSuffix("\n  warning 49\n"))
    }

    @Test("is a value in JSON, also of manifests that no loop serves")
    func json() throws {
        for state in [running(), SampleState.read(SampleState.shop)] {
            let json = try SampleState.text(StatusInquiry(), state, ReportOutput(.json))
            let report = try #require(StatusInquiry().report(on: state) as? StatusReport)
            #expect(try JSONDecoder().decode(StatusReport.self, from: Data(json.utf8)) == report)
        }
        let offline = try SampleState.text(StatusInquiry(), SampleState.read(SampleState.shop))
        #expect(offline.contains("\nIPv4       no loop runs: rules were compiled, no kernel was read\n"))
    }
}
