// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import XTables

/// What the rules on a packet's way were made for, found among the desired ones.
struct RuleOwners {
    private let desired: Ruleset

    init(_ desired: Ruleset) { self.desired = desired }

    /// The origin of a rule; `nil` if no desired rule of its chain is equal to it: it is another program's.
    func origin(of step: PathStep) -> Origin? {
        guard case .known(let rule)? = step.rule else { return nil }
        let rules = rules(of: step.chain, in: desired[step.table])
        // Most often it stands where it should.
        if step.position <= rules.count, rules[step.position - 1] == rule { return rules[step.position - 1].origin }
        return rules.first { $0 == rule }?.origin
    }

    private func rules(of chain: ChainName, in table: TableRules) -> [Rule] {
        if let builtIn = BuiltInChain(rawValue: chain.description) { return table.jumps[builtIn] ?? [] }
        // They are ordered by name.
        var (low, high) = (table.chains.startIndex, table.chains.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if table.chains[middle].name < chain { low = middle + 1 } else { high = middle }
        }
        guard low < table.chains.endIndex, table.chains[low].name == chain else { return [] }
        return table.chains[low].rules
    }
}
