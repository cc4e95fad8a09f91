// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// All that one table of a kernel holds, whoever wrote it: what iptables-save prints, as values.
public struct TableContent: Hashable, Sendable {
    /// The table.
    public var table: Table
    /// The family.
    public var family: IPFamily
    /// The chains: built-in ones in the kernel's order, then all others by name.
    public var chains: [ChainContent]

    /// Puts the content of a table together.
    public init(table: Table, family: IPFamily, chains: [ChainContent]) {
        self.table = table
        self.family = family
        self.chains = chains
    }

    /// The chain of a name, looked for among all chains; `nil` if the table has none.
    public subscript(name: ChainName) -> ChainContent? { chains.first { $0.name == name } }

    /// The table as `iptables-save` prints it, with `-c` or without: from `*filter` to `COMMIT`.
    ///
    /// A part of a rule that is not understood is marked, see ``ForeignExtension/saveText``; such a text cannot be loaded.
    public func text(counters: Bool = false) -> String {
        var text = "*\(table.rawValue)\n"
        for chain in chains {
            let count = counters ? chain.policy?.counters ?? .zero : .zero
            text += ":\(chain.name) \(chain.policy?.verdict.rawValue ?? "-") [\(count.packets):\(count.bytes)]\n"
        }
        for chain in chains {
            for rule in chain.rules {
                if counters { text += "[\(rule.counters.packets):\(rule.counters.bytes)] " }
                text += rule.rule.text(chain: chain.name, family: family) + "\n"
            }
        }
        return text + "COMMIT\n"
    }
}

/// A chain of a kernel with all its rules.
public struct ChainContent: Hashable, Sendable {
    /// The chain's name.
    public var name: ChainName
    /// What happens to packets at the end of a built-in chain; `nil` for all other chains.
    public var policy: ChainPolicy?
    /// The rules, in the order in which the kernel tries them.
    public var rules: [CountedRule]

    /// Puts the content of a chain together.
    public init(name: ChainName, policy: ChainPolicy?, rules: [CountedRule]) {
        self.name = name
        self.policy = policy
        self.rules = rules
    }

    /// Whether the kernel enters the table at this chain.
    public var isBuiltIn: Bool { policy != nil }
}

/// What happens to packets at the end of a built-in chain.
public struct ChainPolicy: Hashable, Sendable {
    /// What a policy can be.
    public enum Verdict: String, Hashable, Sendable {
        /// The packet may pass.
        case accept = "ACCEPT"
        /// It is dropped.
        case drop = "DROP"
    }

    /// What happens.
    public var verdict: Verdict
    /// The packets it has happened to.
    public var counters: RuleCounters

    /// Makes a policy.
    public init(_ verdict: Verdict, counters: RuleCounters = .zero) {
        self.verdict = verdict
        self.counters = counters
    }
}

/// A rule of a kernel and what it has counted.
public struct CountedRule: Hashable, Sendable {
    /// The rule.
    public var rule: DecodedRule
    /// What it had counted when the table was read.
    public var counters: RuleCounters

    /// Puts both together.
    public init(_ rule: DecodedRule, counters: RuleCounters = .zero) {
        self.rule = rule
        self.counters = counters
    }
}
