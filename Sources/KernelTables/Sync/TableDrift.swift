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
