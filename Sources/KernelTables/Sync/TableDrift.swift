// SPDX-License-Identifier: Apache-2.0

import XTables

/// What another process did to our rules in one table, as a run of the syncer found and repaired it.
public struct TableDrift: Sendable, Hashable {
    /// How many chains are described, however many have drifted.
    public static let shownChains = 8

    /// The table.
    public let table: Table
    /// The number of chains that had drifted.
    public let chainCount: Int
    /// The number of rules that were repaired in them; one that was out of order counts once.
    public let ruleCount: Int
    /// The number of chains that were missing or unexpected, and have no rules.
    public let emptyChainCount: Int
    /// The first of them, built-in chains first, with what was repaired in each.
    public let chains: [ChainPlan]
}

extension TableDrift {
    /// The described differences of one service port, or of the rules that belong to none.
    package struct Group: Sendable {
        /// One rule, or one chain that has no rules.
        package struct Difference: Sendable {
            package let isChain: Bool
            /// For example `missing: -A KUBE-SERVICES …`.
            package let text: String
        }

        /// The service port; `nil` for the rules that all Services share, and for foreign ones.
        package let servicePort: ServicePortOrigin?
        package fileprivate(set) var differences: [Difference] = []
    }

    /// What is described of it by service port, in the order of a plan's groups.
    package var groups: [Group] {
        var groups: [ServicePortOrigin?: Group] = [:]
        func add(_ isChain: Bool, _ text: String, to servicePort: ServicePortOrigin?) {
            groups[servicePort, default: Group(servicePort: servicePort)].differences.append(
                .init(isChain: isChain, text: text))
        }
        for chain in chains {
            let owner = chain.origin.servicePort
            if chain.rules.isEmpty { add(true, "\(chain.kind.word ?? ""): chain \(chain.chain)", to: owner) }
            for rule in chain.rules {
                add(false, "\(rule.kind.word): \(rule.text)", to: owner ?? rule.origin.servicePort)
            }
        }
        return groups.values.sorted { ServicePortOrigin.isOrdered($0.servicePort, $1.servicePort) }
    }
}
