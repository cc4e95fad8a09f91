// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import KernelTablesSuite
import NetworkTypes
import XTables

/// Compares our entries with those that iptables-legacy-restore makes of the same rules, byte by byte, in the kernel.
struct ByteComparison {
    let family: IPFamily

    func run() throws {
        let jumpedTo = Chain(name: "JUMPED-TO")
        var rules = SampleRules.all(family)
        // Objects outlive tables, so the second run in a namespace finds it.
        if AccountingObject.make("kubetables-probe") {
            rules.append(Rule(matches: [.accounting(name: "kubetables-probe")], target: .drop))
        } else {
            print("no accounting object could be made: nfacct is not compared")
        }
        let ruleset = Ruleset(
            family: family,
            tables: [
                TableRules(table: .filter, jumps: [:], chains: [jumpedTo, Chain(name: "KUBE-SERVICES", rules: rules)]),
                TableRules(
                    table: .nat, jumps: [:],
                    chains: [Chain(name: "KUBE-SERVICES", rules: SampleRules.nat(family))]),
            ])
        try restore(ruleset)
        let theirs = try snapshots()
        let plan = try Syncer(lock: nil).plan(ruleset)
        guard plan.isEmpty else { fail("what iptables made is not equal to what we would make: \(plan)") }
        _ = try Syncer(lock: nil).cleanup(family)
        _ = try Syncer(lock: nil).apply(ruleset)
        let ours = try snapshots()
        for (table, pair) in zip(["filter", "nat"], zip(theirs, ours)) {
            guard pair.0.chains.map(\.name) == pair.1.chains.map(\.name) else { fail("\(table): other chains") }
            for (left, right) in zip(pair.0.chains, pair.1.chains) { compare(left, right) }
        }
    }

    private func compare(_ theirs: TableSnapshot.Chain, _ ours: TableSnapshot.Chain) {
        guard theirs.entries.count == ours.entries.count else { fail("\(theirs.name): other number of rules") }
        for (left, right) in zip(theirs.entries, ours.entries) where left != right {
            let place = zip(left.bytes, right.bytes).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            let text = left.rule.text(chain: theirs.name, family: family)
            fail("\(text): byte \(place ?? -1) differs\n\(left.bytes)\n\(right.bytes)")
        }
    }

    private func snapshots() throws -> [TableSnapshot] {
        try Table.allCases.map { try TableSnapshot($0, family: family, store: LibiptcStore()) }
    }

    private func restore(_ ruleset: Ruleset) throws {
        let program = family == .ipv4 ? "iptables-legacy-restore" : "ip6tables-legacy-restore"
        guard let pipe = popen("\(program) --noflush", "w") else { fail("cannot start \(program)") }
        let text = ruleset.text(.restore)
        fputs(text, pipe)
        guard pclose(pipe) == 0 else { fail("\(program) refused:\n\(ruleset.text(.restore))") }
    }
}
