// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A foreign rule that can take packets to a Service before the jumps to our chains see them.
package struct ForeignRuleAhead: Sendable, Hashable, Encodable {
    package let table: Table
    /// The chain that the rule is in.
    package let chain: String
    /// The place of the rule in the chain, from 1, as `iptables -L --line-numbers` counts; `nil` if it is not known.
    package let position: Int?
    /// The built-in chains from which packets come to the rule; that of the rule itself, if it is in one.
    package internal(set) var builtInChains: [String]
    /// The program whose chain the rule is in, if it is one of those that are known.
    package let owner: String?
    /// The rule, as iptables-save prints it.
    package let rule: String
    /// What of which Services it can take.
    package let effect: String

    /// - Parameter builtInChains: if empty, the chain itself.
    package init(
        table: Table, chain: String, position: Int? = nil, builtInChains: [String] = [], owner: String? = nil,
        rule: String, effect: String
    ) {
        self.table = table
        self.chain = chain
        self.position = position
        self.builtInChains = builtInChains.isEmpty ? [chain] : builtInChains
        self.owner = owner
        self.rule = rule
        self.effect = effect
    }

    /// Whether both are the same rule, whatever it can take now.
    package func isSameRule(as other: ForeignRuleAhead) -> Bool {
        table == other.table && chain == other.chain && rule == other.rule
    }

    /// The rule and what it can take, as one line.
    package func line(_ family: IPFamily) -> String {
        let place = position.map { "foreign rule \($0) of \(chain)" } ?? "a foreign rule of \(chain)"
        let way = builtInChains == [chain] ? "" : ", reached from \(builtInChains.joined(separator: ", ")),"
        let program = owner.map { " (\($0))" } ?? ""
        return "\(family.kubernetesName) \(table.rawValue): \(place)\(program)\(way) sees packets before our jumps and "
            + "\(effect): \(rule)"
    }
}

/// Rules of a well-known program ahead of our jumps: usual on a node that has it, and reported for information only.
package struct RecognizedRules: Sendable, Hashable, Encodable {
    package let table: Table
    /// The built-in chain.
    package let chain: String
    /// The program.
    package let owner: String
    /// The chains that the rules lead to, or the rules themselves.
    package internal(set) var rules: [String]

    package func line(_ family: IPFamily) -> String {
        "\(family.kubernetesName) \(table.rawValue): rules of \(owner) see packets before our jumps in \(chain): "
            + rules.joined(separator: ", ")
    }
}

/// A foreign rule of a built-in chain, whatever it does.
package struct PrecedingRule: Sendable, Hashable {
    package let table: Table
    package let chain: String
    package let position: Int
    package let owner: String?
    package let rule: String

    package func line(_ family: IPFamily) -> String {
        let program = owner.map { " (\($0))" } ?? ""
        return
            "\(family.kubernetesName) \(table.rawValue): foreign rule \(position) of \(chain)\(program) sees packets "
            + "before our jumps: \(rule)"
    }
}
