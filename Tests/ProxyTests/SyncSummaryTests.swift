// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KernelTablesSuite
import NetworkTypes
import Testing
import XTables

@testable import Proxy

@Suite("A line about drift") struct SyncSummaryTests {
    private let syncer = Syncer(store: MemoryStore(), lock: nil)

    private static func ruleset(_ chains: [Chain]) -> Ruleset {
        Ruleset(family: .ipv4, tables: [TableRules(table: .nat, jumps: [:], chains: chains)])
    }

    private static func chain(_ name: String, _ rules: [Int]) -> Chain {
        let rules = rules.map { Rule(matches: [.comment("\($0)")], target: .accept) }
        return Chain(name: ChainName(prefix: "", suffix: Array(name.utf8)), rules: rules)
    }

    /// The line about a kernel that holds `found` instead of `desired`, and the number of rules that a plan shows for it.
    private func repair(_ found: [Chain], to desired: [Chain]) throws -> (line: String, plannedRules: Int) {
        _ = try syncer.apply(Self.ruleset(found))
        let desired = Self.ruleset(desired)
        let plan = try syncer.plan(desired)
        let report = try syncer.apply(without: [], expecting: [:]) { desired }
        let line = try #require(SyncSummary(report).driftLines.first)
        return (line, plan.tables.flatMap(\.chains).flatMap(\.rules).count)
    }

    @Test(
        "names eight rules, and how many more there are",
        arguments: [
            (1, "--comment 0 -j ACCEPT"), (8, "--comment 7 -j ACCEPT"), (9, "; and 1 more rule"),
            (3420, "; and 3412 more rules"),
        ])
    func rules(count: Int, end: String) throws {
        let (line, _) = try repair(
            [Self.chain("KUBE-SERVICES", [])], to: [Self.chain("KUBE-SERVICES", Array(0..<count))])
        let start = "IPv4 nat: drift repaired in 1 chain: missing: -A KUBE-SERVICES -m comment --comment 0 -j ACCEPT"
        #expect(line.hasPrefix(start))
        #expect(line.matches(of: #/missing: /#).count == min(count, 8))
        #expect(line.hasSuffix(end))
    }

    @Test("counts the rules of chains that it does not name as a plan does: a moved one once, a replaced one twice")
    func chains() throws {
        let names = (10..<40).map { "KUBE-SVC-\($0)" }
        let found = names.prefix(20).map { Self.chain($0, [1, 2, 9, 4, 5, 0]) }
        let unexpected = Self.chain("KUBE-SVC-X", [1, 2])
        let (line, planned) = try repair(found + [unexpected], to: names.map { Self.chain($0, [0, 1, 2, 3, 4, 5]) })
        #expect(planned == 20 * 3 + 10 * 6 + 2)
        #expect(line.hasPrefix("IPv4 nat: drift repaired in 31 chains: "))
        #expect(line.hasSuffix("; and \(planned - 8) more rules"))
    }

    @Test("counts chains without rules by themselves")
    func emptyChains() throws {
        let empty = (1...9).map { Self.chain("KUBE-SVC-\($0)", []) }
        let (line, _) = try repair(empty, to: [])
        #expect(
            line.hasPrefix("IPv4 nat: drift repaired in 9 chains: unexpected: chain KUBE-SVC-1; unexpected: chain "))
        #expect(line.hasSuffix("unexpected: chain KUBE-SVC-8; and 1 more chain"))
        let more = (1...8).map { Self.chain("KUBE-SVC-\($0)", [1, 2]) }
        #expect(try repair(empty, to: more).line.hasSuffix("; and 8 more rules, 1 more chain"))
    }
}
