// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The foreign rules of a table that packets meet before they have met all of our rules: those in built-in chains ahead of
/// our last jump there, and the foreign chains that they lead to.
///
/// Our own chains are not part of it, however large they are.
package struct RulesAhead: Hashable, Sendable {
    /// One rule of a built-in chain.
    package enum Step: Hashable, Sendable {
        /// A jump of ours, and the chain that it leads to.
        case ours(ChainName)
        /// A foreign rule, and its place in the chain from 1, as `iptables -L --line-numbers` counts.
        case foreign(DecodedRule, position: Int)
    }

    /// A built-in chain in which foreign rules stand ahead of a jump of ours.
    package struct Entrance: Hashable, Sendable {
        package let chain: BuiltInChain
        /// What happens to packets that leave the chain without a verdict.
        package let policy: ChainPolicy.Verdict
        /// The rules, up to the last jump of ours.
        package let steps: [Step]

        package init(chain: BuiltInChain, policy: ChainPolicy.Verdict, steps: [Step]) {
            self.chain = chain
            self.policy = policy
            self.steps = steps
        }
    }

    package let table: Table
    package let family: IPFamily
    /// In the kernel's order; none if nothing is ahead of us.
    package let entrances: [Entrance]
    /// The rules of the foreign chains that can be reached from there.
    package let chains: [ChainName: [DecodedRule]]

    package init(table: Table, family: IPFamily, entrances: [Entrance], chains: [ChainName: [DecodedRule]]) {
        self.table = table
        self.family = family
        self.entrances = entrances
        self.chains = chains
    }
}

extension DecodedRule {
    /// The chain that packets go through next if they match (`-j`, `-g`); `nil` if the target is none.
    package var nextChain: ChainName? {
        switch self {
        case .known(let rule):
            if case .jump(let chain) = rule.target { chain } else { nil }
        case .foreign(let entry):
            switch entry.target {
            case .known(.jump(let chain)), .goto(let chain): chain
            default: nil
            }
        case .malformed: nil
        }
    }
}
