// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Receives what rules have counted that a change of the tables removes, so that it is not lost with them.
///
/// Calls come from the thread of the synchronization; each must return soon.
public protocol CounterKeeper: Sendable {
    /// The tables of a family are being read, and perhaps changed.
    ///
    /// Until ``endChange(of:)``, what a ``CounterReader`` reads may be counted once more by ``committed(_:family:removed:)``.
    func beginChange(of family: IPFamily)

    /// A table was changed.
    ///
    /// - Parameters:
    ///   - table: the table.
    ///   - family: the family it is of.
    ///   - removed: what the rules had counted that are gone, or have made room for another, when the table was read.
    ///     What passed them between that and the commit is not known.
    func committed(_ table: Table, family: IPFamily, removed: [CounterKey: RuleCounters])

    /// The tables are as they were left, and all counters of rules that stayed are whole again.
    func endChange(of family: IPFamily)
}

extension TableDifference {
    /// What the rules have counted that this difference removes or replaces, as far as they have a key.
    func removedCounters(_ kernel: any TableTransaction) -> [CounterKey: RuleCounters] {
        let format = EntryFormat.of(kernel.family)
        var found: [CounterKey: RuleCounters] = [:]
        func add(_ entry: KernelEntry, _ chain: ChainName) {
            let counters = entry.counters(format)
            guard counters != .zero, let key = CounterKey(entry, chain: chain, family: kernel.family)
            else { return }
            found[key, default: .zero] += counters
        }
        for edit in edits {
            for ruleEdit in edit.edits {
                switch ruleEdit {
                case .delete(_, let entry), .replace(_, let entry, _): add(entry, edit.chain)
                case .insert: break
                }
            }
        }
        for chain in stale where chain.ruleCount > 0 {
            chain.chain.withLabel { label in
                kernel.visitRules(of: label) { entry in
                    add(entry, chain.chain)
                    return true
                }
            }
        }
        return found
    }
}
