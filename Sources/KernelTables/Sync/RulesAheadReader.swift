// SPDX-License-Identifier: Apache-2.0

import XTables

/// Reads the foreign rules ahead of ours from a table that is open, as they will stand once a difference is carried out.
///
/// It costs nothing to speak of unless other programs have many rules: of our chains it visits none.
struct RulesAheadReader {
    let desired: EncodedTable
    let kernel: any TableTransaction
    let difference: TableDifference
    let ownership: ChainOwnership

    private var decoder: EntryDecoder { EntryDecoder(family: desired.family) }

    func read() -> RulesAhead {
        let entrances = desired.table.builtInChains.compactMap(entrance)
        return RulesAhead(
            table: desired.table, family: desired.family, entrances: entrances, chains: chains(behind: entrances))
    }

    /// A built-in chain up to our last jump; `nil` if no foreign rule stands there.
    private func entrance(_ chain: BuiltInChain) -> RulesAhead.Entrance? {
        guard let ours = desired.jumps[chain], !ours.isEmpty else { return nil }
        var steps = self.steps(of: chain, ours)
        steps.removeLast(steps.reversed().prefix { if case .foreign = $0 { true } else { false } }.count)
        guard steps.contains(where: { if case .foreign = $0 { true } else { false } }) else { return nil }
        let policy = chain.name.withLabel { kernel.policy(of: $0)?.verdict } ?? .accept
        return RulesAhead.Entrance(chain: chain, policy: policy, steps: steps)
    }

    private func steps(of chain: BuiltInChain, _ ours: Range<EncodedTable.RuleNumber>) -> [RulesAhead.Step] {
        let decoder = decoder
        var edits = difference.edits.first { $0.chain == chain.name }?.edits[...] ?? []
        var steps: [RulesAhead.Step] = []
        func insertRules(before place: Int) {
            while case .insert(let before, let rule)? = edits.first, before <= place {
                appendOurs(rule, &steps)
                edits.removeFirst()
            }
        }
        var place = 0
        chain.name.withLabel { label in
            kernel.visitRules(of: label) { entry in
                insertRules(before: place)
                if case .delete(let deleted, _)? = edits.first, deleted == place {
                    edits.removeFirst()
                } else if let rule = ours.first(where: { desired.isEqual($0, entry) }) {
                    appendOurs(rule, &steps)
                } else {
                    steps.append(.foreign(decoder.decode(entry), position: steps.count + 1))
                }
                place += 1
                return true
            }
        }
        insertRules(before: place)
        return steps
    }

    private func appendOurs(_ rule: EncodedTable.RuleNumber, _ steps: inout [RulesAhead.Step]) {
        let decoded = desired.withKernelEntry(of: rule) { decoder.decode($0) }
        if let chain = decoded.nextChain { steps.append(.ours(chain)) }
    }

    /// The foreign chains that the foreign rules lead to, each read once.
    private func chains(behind entrances: [RulesAhead.Entrance]) -> [ChainName: [DecodedRule]] {
        var chains: [ChainName: [DecodedRule]] = [:]
        var next = entrances.flatMap(\.steps).compactMap { step in
            if case .foreign(let rule, _) = step { rule.nextChain } else { nil }
        }
        while let chain = next.popLast() {
            guard chains[chain] == nil, ownership.owner(of: chain, in: desired.table) == .foreign else { continue }
            let rules = rules(of: chain)
            chains[chain] = rules
            next += rules.compactMap(\.nextChain)
        }
        return chains
    }

    private func rules(of chain: ChainName) -> [DecodedRule] {
        let decoder = decoder
        var rules: [DecodedRule] = []
        chain.withLabel { label in
            kernel.visitRules(of: label) { entry in
                rules.append(decoder.decode(entry))
                return true
            }
        }
        return rules
    }
}
