// SPDX-License-Identifier: Apache-2.0

import XTables

/// A rule of a service port, and where it stands.
package struct OwnRule: Sendable, Hashable {
    package let table: Table
    package let chain: ChainName
    package let rule: Rule
}

extension CompiledServicePort {
    /// The names of the chains that it has for itself, in a table.
    package func ownChains(in table: Table) -> [ChainName] { chains[table].map(\.name) }

    /// All its rules: those in shared chains, then those in chains of its own, in their order.
    package var ownRules: [OwnRule] {
        let shared = shares.flatMap { share in
            share.rules.map { OwnRule(table: share.table, chain: share.chain, rule: $0) }
        }
        let own = RuleLayoutKind.tables.flatMap { table in
            chains[table].flatMap { chain in
                chain.rules.map { OwnRule(table: table, chain: chain.name, rule: $0) }
            }
        }
        return shared + own
    }
}
