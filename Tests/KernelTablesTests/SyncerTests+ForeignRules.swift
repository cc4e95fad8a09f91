// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTables
import KernelTablesSuite
import NetworkTypes
import Synchronization
import Testing
import XTables

/// What the syncer does where other programs have rules as well: in shared and built-in chains.
extension SyncerTests {
    @Test("adds its rule to a shared chain, and leaves the kubelet's alone")
    func shared() throws {
        let kubelet = TableRules(
            table: .filter, jumps: [:], chains: [Chain(name: "KUBE-FIREWALL", rules: [rule("the kubelet's")])])
        // Written as another program would: an ownership that shares nothing.
        var other = syncer
        other.ownership = ChainOwnership([:], jumpComments: [])
        _ = try other.apply(Ruleset(family: .ipv4, tables: [kubelet]))
        _ = try syncer.apply(ruleset)
        let ours = ruleset[.filter].chains.first { $0.name == "KUBE-FIREWALL" }?.rules ?? []
        let wanted = ([rule("the kubelet's")] + ours).map(DecodedRule.known)
        #expect(try found("KUBE-FIREWALL", .filter) == wanted)
        _ = try syncer.cleanup(.ipv4)
        #expect(try found("KUBE-FIREWALL", .filter) == wanted)
    }

    @Test("removes a jump of ours that is not wanted any longer, and its duplicates")
    func outdatedJumps() throws {
        let services = Rule(matches: [.comment("kubernetes service portals")], target: .jump("KUBE-SERVICES"))
        let older = Rule(
            matches: [.conntrack([.new]), .comment("kubernetes service portals")], target: .jump("KUBE-SERVICES"))
        var rules = chain([])
        var other = syncer
        other.ownership = ChainOwnership([:], jumpComments: [])
        rules.tables[0].jumps = [.output: [older, services]]
        _ = try other.apply(rules)
        rules.tables[0].jumps = [.output: [services]]
        _ = try syncer.apply(rules)
        #expect(try found("OUTPUT", .nat) == [DecodedRule.known(services)])
    }

    @Test("names foreign rules that stand before ours")
    func preceding() throws {
        _ = try syncer.apply(ruleset)
        let transaction = try store.open(.nat, family: .ipv4)
        let entry = try EntryCodec.entry(of: rule("first"), family: .ipv4)
        try entry.withUnsafeBytes { bytes in
            try "OUTPUT".withCString { label in
                try transaction.insert(bytes, at: 0, in: label)
                try transaction.append(bytes, to: label)
            }
        }
        try transaction.commit()
        let plan = try syncer.plan(ruleset)
        #expect(plan.isEmpty)
        let found = plan.tables.flatMap(\.precedingForeignRules)
        #expect(found.map(\.text) == ["-A OUTPUT -m comment --comment first"])
        #expect(found.map(\.position) == [1])
        let output = plan.tables.flatMap(\.rulesAhead.entrances).filter { $0.chain == .output }
        #expect(
            output.map(\.steps) == [
                [.foreign(.known(rule("first")), position: 1), .ours("KUBE-SERVICES")]
            ])
    }

    /// Inserts foreign rules into a built-in chain, at ascending places.
    private func insert(_ names: [(String, Int)], _ chain: String, _ table: Table) throws {
        let transaction = try store.open(table, family: .ipv4)
        for (name, place) in names {
            let entry = try EntryCodec.entry(of: rule(name), family: .ipv4)
            try entry.withUnsafeBytes { bytes in
                try chain.withCString { try transaction.insert(bytes, at: place, in: $0) }
            }
        }
        try transaction.commit()
    }

    @Test("moves our jumps ahead of foreign rules on request, those behind one only, and in the desired order")
    func jumpsFirst() throws {
        _ = try syncer.apply(ruleset)
        let ours = (ruleset[.filter].jumps[.forward] ?? []).map(DecodedRule.known)
        try #require(ours.count > 2)
        try insert([("a", 1), ("b", 3)], "FORWARD", .filter)
        let (a, b) = (DecodedRule.known(rule("a")), DecodedRule.known(rule("b")))
        let before = [ours[0], a, ours[1], b] + ours[2...]
        #expect(try syncer.plan(ruleset).isEmpty)
        #expect(try found("FORWARD", .filter) == before)

        var moving = syncer
        moving.keepsJumpsFirst = true
        let plan = try moving.plan(ruleset)
        #expect(plan.tables.map { $0.count(.moved) } == [ours.count - 1, 0])
        #expect(plan.tables.allSatisfy { $0.count(.added) == 0 && $0.count(.removed) == 0 })
        #expect(plan.tables.allSatisfy { $0.rulesAhead.entrances.isEmpty })
        let report = try moving.apply(without: [], expecting: [:]) { ruleset }
        #expect(report.tables.map(\.rulesMoved) == [ours.count - 1, 0])
        #expect(report.drift.flatMap(\.chains).map(\.chain) == ["FORWARD"])
        #expect(try found("FORWARD", .filter) == ours + [a, b])
        #expect(try moving.plan(ruleset).isEmpty)
        #expect(try syncer.plan(ruleset).isEmpty)
    }

    @Test("leaves the order of our jumps, and adds missing ones, when foreign rules stand behind them")
    func jumpsAlreadyFirst() throws {
        _ = try syncer.apply(ruleset)
        let ours = (ruleset[.filter].jumps[.forward] ?? []).map(DecodedRule.known)
        try insert([("a", ours.count)], "FORWARD", .filter)
        let transaction = try store.open(.filter, family: .ipv4)
        try "FORWARD".withCString { try transaction.deleteRule(at: 0, in: $0) }
        try transaction.commit()
        var moving = syncer
        moving.keepsJumpsFirst = true
        _ = try moving.apply(ruleset)
        #expect(try found("FORWARD", .filter) == ours + [.known(rule("a"))])
    }

    @Test("follows foreign rules into foreign chains, and not into ours")
    func rulesAhead() throws {
        _ = try syncer.apply(ruleset)
        var other = syncer
        other.ownership = ChainOwnership([:], jumpComments: [])
        let mine = Chain(name: "MINE", rules: [Rule(target: .jump("INNER")), Rule(target: .jump("KUBE-SERVICES"))])
        let foreign = TableRules(
            table: .nat, jumps: [.output: [Rule(target: .jump("MINE"))]],
            chains: [mine, Chain(name: "INNER", rules: [Rule(target: .accept)]), Chain(name: "UNUSED", rules: [])])
        _ = try other.apply(Ruleset(family: .ipv4, tables: [foreign]))
        let report = try syncer.apply(ruleset)
        let ahead = try #require(report.rulesAhead.first { $0.table == .nat })
        #expect(ahead.entrances.map(\.chain) == [.output])
        #expect(ahead.chains == ["MINE": mine.rules.map(DecodedRule.known), "INNER": [.known(Rule(target: .accept))]])
    }
}
