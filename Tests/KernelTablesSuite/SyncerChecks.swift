// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import NetworkTypes
import XTables

extension StoreSuite {
    /// Checks of the syncer on a store.
    static let syncerChecks: [Check] = [
        Check(name: "an applied ruleset is there, and applying it again commits nothing") { run in
            let ruleset = RandomCluster.ruleset(seed: 1, family: run.family, services: 12)
            let first = try run.syncer.apply(ruleset)
            run.expect(first.hasChanges, "first apply changes nothing")
            try run.expectHolds(ruleset)
            let second = try run.syncer.apply(ruleset)
            run.expect(!second.hasChanges, "second apply commits")
            run.expect(try run.syncer.plan(ruleset).isEmpty, "plan is not empty")
            run.expectEqual(second.tables.map(\.entriesBefore), first.tables.map(\.entriesAfter), "entries")
        },
        Check(name: "jumps stand in kube-proxy's order, on top, and those that stand are not moved") { run in
            let ruleset = RandomCluster.ruleset(seed: 2, family: run.family, services: 2)
            try run.syncer.apply(ruleset).expectChanges(&run)
            var transaction = try run.open(.filter)
            let foreign = try run.entry(Rule(matches: [.comment("foreign")], target: .accept))
            try transaction.insert(foreign, 0, "FORWARD")
            try transaction.deleteRule(2, "FORWARD")
            try transaction.commit()
            transaction = try run.open(.filter)
            try run.syncer.apply(ruleset).expectChanges(&run)
            let jumps = ruleset[.filter].jumps[.forward] ?? []
            let wanted = [jumps[1]].map(DecodedRule.known)
            let found = try run.snapshot(.filter)["FORWARD"]?.entries.map(\.rule) ?? []
            run.expectEqual(Array(found.prefix(1)), wanted, "the missing jump")
            run.expectEqual(found.count, jumps.count + 1, "number of rules")
            let other = Rule(matches: [.comment("foreign")], target: .accept)
            run.expectEqual(found.dropFirst().first, .known(other), "foreign")
        },
        Check(name: "foreign chains and rules stay as they are; cleanup leaves only them, twice") { run in
            try run.addForeignRules()
            let before = try Table.allCases.map { try run.snapshot($0) }
            let ruleset = RandomCluster.ruleset(seed: 3, family: run.family, services: 8)
            try run.syncer.apply(ruleset).expectChanges(&run)
            try run.expectHolds(ruleset)
            try run.syncer.cleanup(run.family).expectChanges(&run)
            var after = try Table.allCases.map { try run.snapshot($0) }
            // KUBE-FIREWALL is the kubelet's as well and stays, with its jumps.
            run.expect(after[0]["KUBE-FIREWALL"] != nil, "KUBE-FIREWALL is gone")
            let transaction = try run.open(.filter)
            for chain in ["INPUT", "OUTPUT"] { try transaction.deleteRule(0, chain) }
            try transaction.flush("KUBE-FIREWALL")
            try transaction.delete("KUBE-FIREWALL")
            try transaction.commit()
            after = try Table.allCases.map { try run.snapshot($0) }
            run.expectEqual(after, before, "tables")
            run.expect(try !run.syncer.cleanup(run.family).hasChanges, "second cleanup changes something")
        },
        Check(name: "a stale chain that a foreign rule jumps to is emptied, kept and reported") { run in
            let ruleset = RandomCluster.ruleset(seed: 4, family: run.family, services: 1)
            try run.syncer.apply(ruleset).expectChanges(&run)
            let transaction = try run.open()
            try transaction.create("FOREIGN")
            try transaction.append(try run.entry(Rule(target: .jump("KUBE-SERVICES"))), "FOREIGN")
            try transaction.commit()
            let report = try run.syncer.cleanup(run.family)
            let kept = report.tables.first { $0.table == .nat }?.keptChains ?? []
            run.expectEqual(kept.map(\.chain), ["KUBE-SERVICES"], "kept")
            run.expectEqual(kept.first?.referencedFrom, ["FOREIGN"], "from")
            run.expectEqual(try run.texts("KUBE-SERVICES"), [], "rules")
            run.expect(try !run.syncer.cleanup(run.family).hasChanges, "second cleanup changes something")
        },
        Check(name: "a run leaves a stamp, which shows whether somebody touched the tables since") { run in
            let ruleset = RandomCluster.ruleset(seed: 6, family: run.family, services: 4)
            let report = try run.syncer.apply(ruleset)
            run.expect(try run.syncer.isUntouched(since: report), "touched by nobody")
            let transaction = try run.open()
            try transaction.deleteRule(0, "KUBE-SERVICES")
            try transaction.commit()
            run.expect(try !run.syncer.isUntouched(since: report), "a rule is gone")
            let repaired = try run.syncer.apply(ruleset)
            run.expect(try run.syncer.isUntouched(since: repaired), "after the repair")
            run.expectEqual(repaired.stamps, report.stamps, "stamps")
        },
        Check(name: "what was not expected to change is named as drift, what was is not") { run in
            let ruleset = RandomCluster.ruleset(seed: 7, family: run.family, services: 4)
            let before = RandomCluster.ruleset(seed: 7, family: run.family, services: 3)
            _ = try run.syncer.apply(before)
            let services: ChainName = "KUBE-SERVICES"
            let own = Set(ruleset[.nat].chains.map(\.name)).subtracting(before[.nat].chains.map(\.name))
            let known = Dictionary(uniqueKeysWithValues: before[.nat].chains.map { ($0.name, $0.rules) })
            let changed = ruleset[.nat].chains.filter { known[$0.name] != $0.rules }.map(\.name)
            let expected: [Table: Set<ChainName>] = [
                .nat: own.union(changed), .filter: Set(ruleset[.filter].chains.map(\.name)),
            ]
            // Removed: the only jump of nat OUTPUT, which is nobody's wish.
            let transaction = try run.open()
            try transaction.deleteRule(0, "OUTPUT")
            try transaction.commit()
            let report = try run.syncer.apply(without: [], expecting: expected) { ruleset }
            run.expectEqual(report.drift.map(\.table), [.nat], "tables with drift")
            run.expectEqual(report.drift.first?.chainCount, 1, "chains")
            run.expectEqual(report.drift.first?.chains.map(\.chain), ["OUTPUT"], "chain")
            let texts = report.drift.first?.chains.flatMap(\.rules).map(\.text) ?? []
            run.expect(texts.count == 1 && texts[0].hasSuffix("-j \(services)"), "the jump is named: \(texts)")
            try run.expectHolds(ruleset)
            run.expect(
                try run.syncer.apply(without: [], expecting: [:]) { ruleset }.drift.isEmpty, "drift after the repair")
        },
        Check(name: "a foreign rule in a chain of ours is drift, found and removed") { run in
            let ruleset = RandomCluster.ruleset(seed: 5, family: run.family, services: 3)
            try run.syncer.apply(ruleset).expectChanges(&run)
            let transaction = try run.open()
            try transaction.insert(try run.entry(Rule(target: .accept)), 1, "KUBE-SERVICES")
            try transaction.commit()
            let plan = try run.syncer.plan(ruleset)
            let changes = plan.tables.flatMap(\.chains).flatMap(\.rules)
            run.expectEqual(changes.map(\.kind), [.removed], "kinds of change")
            run.expectEqual(changes.map(\.text), ["-A KUBE-SERVICES -j ACCEPT"], "changes")
            try run.syncer.apply(ruleset).expectChanges(&run)
            try run.expectHolds(ruleset)
        },
        Check(name: "from any state to any other, with foreign rules between") { run in
            for seed in 0..<25 as Range<UInt64> {
                try run.wipe()
                try run.addForeignRules()
                let foreign = try run.foreignPart()
                var cluster = RandomCluster(seed: 100 + seed, family: run.family)
                for _ in 0..<3 {
                    let ruleset = cluster.ruleset(services: Int(cluster.random(12)))
                    _ = try run.syncer.apply(ruleset)
                    try run.expectHolds(ruleset)
                    run.expect(try run.syncer.plan(ruleset).isEmpty, "plan after apply is not empty, seed \(seed)")
                    run.expectEqual(try run.foreignPart(), foreign, "foreign part, seed \(seed)")
                }
            }
        },
    ]
}

extension SyncReport {
    func expectChanges(_ run: inout CheckRun) { run.expect(hasChanges, "nothing was committed") }
}

extension CheckRun {
    /// Expects that the kernel's chains of ours are those of a ruleset, and no others.
    mutating func expectHolds(_ ruleset: Ruleset) throws {
        for table in Table.allCases {
            let snapshot = try snapshot(table)
            let ours = snapshot.chains.filter { "\($0.name)".hasPrefix("KUBE-") && $0.name != "KUBE-KUBELET-CANARY" }
            expectEqual(ours.map(\.name), ruleset[table].chains.map(\.name), "chains of \(table)")
            for chain in ruleset[table].chains {
                let found = snapshot[chain.name]?.entries.map(\.rule)
                expectEqual(found, chain.rules.map(DecodedRule.known), "rules of \(chain.name)")
            }
            for builtIn in table.builtInChains {
                let found = snapshot[builtIn.name]?.entries.map(\.rule) ?? []
                let ours = found.filter { rule in
                    ruleset[table].jumps[builtIn]?.contains { .known($0) == rule } == true
                }
                expectEqual(
                    Set(ours), Set((ruleset[table].jumps[builtIn] ?? []).map(DecodedRule.known)), "jumps of \(builtIn)")
                expectEqual(ours.count, ruleset[table].jumps[builtIn]?.count ?? 0, "number of jumps of \(builtIn)")
            }
        }
    }

    /// Puts in what other programs might have: chains, rules among ours.
    func addForeignRules() throws {
        for table in Table.allCases {
            let transaction = try open(table)
            for chain in ["DOCKER", "KUBE-KUBELET-CANARY", "ZZZ", "cali-x"] { try transaction.create(chain) }
            for (index, chain) in table.builtInChains.enumerated() {
                let name = "\(chain.name)"
                try transaction.append(try entry(Rule(matches: [.comment("foreign \(index)")])), name)
                try transaction.append(try entry(Rule(target: .jump("DOCKER"))), name)
            }
            for rule in SampleRules.all(family).prefix(20) {
                var rule = rule
                if case .jump = rule.target { rule.target = .jump("ZZZ") }
                try transaction.append(try entry(rule), "DOCKER")
            }
            try transaction.commit()
        }
    }

    /// Foreign chains and foreign rules of built-in chains.
    func foreignPart() throws -> [[TableSnapshot.Entry]] {
        try Table.allCases.flatMap { table in
            try snapshot(table).chains.filter { !"\($0.name)".hasPrefix("KUBE-") || $0.name == "KUBE-KUBELET-CANARY" }
                .map { chain in
                    chain.entries.filter { entry in
                        guard chain.isBuiltIn, case .known(let rule) = entry.rule, case .jump(let target) = rule.target
                        else { return true }
                        return !"\(target)".hasPrefix("KUBE-")
                    }
                }
        }
    }
}
