// SPDX-License-Identifier: Apache-2.0

import XTables

/// Describes a difference, while the table it was computed from is still open.
struct TablePlanner {
    let desired: EncodedTable
    let kernel: any TableTransaction
    let difference: TableDifference
    private let decoder: EntryDecoder

    init(desired: EncodedTable, kernel: any TableTransaction, difference: TableDifference) {
        self.desired = desired
        self.kernel = kernel
        self.difference = difference
        decoder = EntryDecoder(family: desired.family)
    }

    func plan(rulesAhead: RulesAhead) -> TablePlan {
        let change = difference.change(of: desired)
        let chains = changedChains().map { plan(of: $0) }
        return TablePlan(
            table: desired.table, entriesBefore: change.entriesBefore, entriesAfter: change.entriesAfter,
            chains: chains,
            keptChains: change.keptChains, precedingForeignRules: precedingForeignRules(), rulesAhead: rulesAhead)
    }

    /// What differs in chains other than `expected`; `nil` if nothing does.
    func drift(except expected: Set<ChainName>) -> TableDrift? {
        let drifted = changedChains().filter { !expected.contains($0.name) }
        guard !drifted.isEmpty else { return nil }
        let ruleCounts = drifted.map { changedRuleCount($0) }
        return TableDrift(
            table: desired.table, chainCount: drifted.count, ruleCount: ruleCounts.reduce(0, +),
            emptyChainCount: ruleCounts.count { $0 == 0 },
            chains: drifted.prefix(TableDrift.shownChains).map { plan(of: $0) })
    }

    /// The number of rules that the plan of a chain has, without describing them.
    private func changedRuleCount(_ chain: ChangedChain) -> Int {
        switch chain.change {
        case .edited(let edit): edit.changedRuleCount
        case .created(let index): desired.rules(ofChain: index).count
        case .stale(let stale): stale.ruleCount
        }
    }

    /// A chain that differs, and how.
    private struct ChangedChain {
        enum Change {
            case edited(TableDifference.ChainEdit)
            case created(Int)
            case stale(TableDifference.StaleChain)
        }

        let name: ChainName
        let change: Change
    }

    /// The chains that differ: built-in ones first, then by name.
    private func changedChains() -> [ChangedChain] {
        var chains = difference.edits.map { ChangedChain(name: $0.chain, change: .edited($0)) }
        chains += difference.created.map { ChangedChain(name: desired.chainNames[$0], change: .created($0)) }
        // A kept chain that is empty already is no change.
        chains += difference.stale.filter { $0.foreignReferences.isEmpty || $0.ruleCount > 0 }.map {
            ChangedChain(name: $0.chain, change: .stale($0))
        }
        let builtIn = Set(desired.table.builtInChains.map(\.name))
        return chains.sorted { left, right in
            let isLeftBuiltIn = builtIn.contains(left.name)
            return isLeftBuiltIn == builtIn.contains(right.name) ? left.name < right.name : isLeftBuiltIn
        }
    }

    private func plan(of chain: ChangedChain) -> ChainPlan {
        switch chain.change {
        case .edited(let edit): changed(edit)
        case .created(let index): created(index)
        case .stale(let stale): removed(stale)
        }
    }

    private func created(_ index: Int) -> ChainPlan {
        let chain = desired.chainNames[index]
        let rules = desired.rules(ofChain: index).map {
            change(.added, decode($0), desired.origin(of: $0), in: chain)
        }
        return ChainPlan(chain: chain, origin: desired.origin(ofChain: index), kind: .created, rules: rules)
    }

    private func removed(_ stale: TableDifference.StaleChain) -> ChainPlan {
        var rules: [RuleChange] = []
        stale.chain.withLabel { label in
            kernel.visitRules(of: label) { entry in
                rules.append(change(.removed, decoder.decode(entry), .unknown, in: stale.chain))
                return true
            }
        }
        let isKept = !stale.foreignReferences.isEmpty
        return ChainPlan(
            chain: stale.chain, origin: .unknown, kind: isKept ? .emptied : .deleted, rules: rules)
    }

    private func changed(_ edit: TableDifference.ChainEdit) -> ChainPlan {
        let origin = desired.origin(of: edit.chain)
        var removed: [DecodedRule] = []
        var added: [(rule: DecodedRule, origin: Origin)] = []
        for ruleEdit in edit.edits {
            switch ruleEdit {
            case .delete(_, let entry): removed.append(decoder.decode(entry))
            case .insert(_, let rule): added.append((decode(rule), desired.origin(of: rule)))
            case .replace(_, let entry, let rule):
                removed.append(decoder.decode(entry))
                added.append((decode(rule), desired.origin(of: rule)))
            }
        }
        // A rule that is deleted at one place and inserted at another is shown once, where it is inserted. Only rules
        // that are equal count, not such that read alike: an altered rule of ours is another one.
        var removedCounts = Dictionary(removed.map { ($0, 1) }, uniquingKeysWith: +)
        var movedCounts: [DecodedRule: Int] = [:]
        for rule in added {
            guard let count = removedCounts[rule.rule], count > 0 else { continue }
            removedCounts[rule.rule] = count - 1
            movedCounts[rule.rule, default: 0] += 1
        }
        var rules: [RuleChange] = []
        for rule in removed {
            guard let count = removedCounts[rule], count > 0 else { continue }
            removedCounts[rule] = count - 1
            rules.append(change(.removed, rule, origin, in: edit.chain))
        }
        for added in added {
            let count = movedCounts[added.rule] ?? 0
            movedCounts[added.rule] = count - 1
            rules.append(change(count > 0 ? .moved : .added, added.rule, added.origin, in: edit.chain))
        }
        return ChainPlan(chain: edit.chain, origin: origin, kind: .changed, rules: rules)
    }

    private func decode(_ rule: EncodedTable.RuleNumber) -> DecodedRule {
        desired.withKernelEntry(of: rule) { decoder.decode($0) }
    }

    private func change(
        _ kind: RuleChange.Kind, _ rule: DecodedRule, _ origin: Origin, in chain: ChainName
    ) -> RuleChange {
        let known: Rule? = if case .known(let rule) = rule { rule } else { nil }
        return RuleChange(kind: kind, origin: origin, text: text(rule, chain), rule: known)
    }

    private func text(_ entry: KernelEntry, _ chain: ChainName) -> String {
        text(decoder.decode(entry), chain)
    }

    private func text(_ rule: DecodedRule, _ chain: ChainName) -> String {
        rule.text(chain: chain, family: desired.family)
    }

    /// Foreign rules before the last of our rules, in each built-in chain.
    private func precedingForeignRules() -> [ForeignRule] {
        var found: [ForeignRule] = []
        for builtIn in desired.table.builtInChains {
            guard let ours = desired.jumps[builtIn], !ours.isEmpty else { continue }
            var before: [ForeignRule] = []
            var position = 0
            builtIn.name.withLabel { label in
                kernel.visitRules(of: label) { entry in
                    position += 1
                    if ours.contains(where: { desired.isEqual($0, entry) }) {
                        found += before
                        before = []
                    } else {
                        let text = text(entry, builtIn.name)
                        before.append(ForeignRule(chain: builtIn.name, position: position, text: text))
                    }
                    return true
                }
            }
        }
        return found
    }
}
