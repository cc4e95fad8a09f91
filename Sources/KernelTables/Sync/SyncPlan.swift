// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What a synchronization would do, as a value to print: nothing is changed to compute it.
public struct SyncPlan: Sendable, Encodable, Hashable {
    /// The family.
    public let family: IPFamily
    /// The tables, filter first.
    public let tables: [TablePlan]

    /// Whether the kernel already holds what is desired.
    public var isEmpty: Bool { tables.allSatisfy { $0.chains.isEmpty } }
}

/// What would change in one table.
public struct TablePlan: Sendable, Encodable, Hashable {
    /// The table.
    public let table: Table
    /// The number of entries now: rules, two for each chain, one for each built-in chain, and one.
    public let entriesBefore: Int
    /// The number of entries there would be.
    public let entriesAfter: Int
    /// The chains that would change: built-in ones first, then by name.
    public let chains: [ChainPlan]
    /// Chains that should be gone but would stay, empty, because foreign rules jump to them.
    public let keptChains: [KeptChain]
    /// Foreign rules that stand before rules of ours in built-in chains, and so see packets first.
    public let precedingForeignRules: [ForeignRule]
    /// What packets would meet ahead of our rules, for those who judge it.
    package let rulesAhead: RulesAhead

    private enum CodingKeys: CodingKey {
        case table, entriesBefore, entriesAfter, chains, keptChains, precedingForeignRules
    }

    /// The number of rules with a kind of change.
    public func count(_ kind: RuleChange.Kind) -> Int {
        chains.reduce(0) { $0 + $1.rules.count { $0.kind == kind } }
    }
}

/// What would change in one chain.
public struct ChainPlan: Sendable, Encodable, Hashable {
    /// What would become of the chain itself.
    public enum Kind: String, Sendable, Encodable {
        /// It would be made.
        case created
        /// It stays, with other rules.
        case changed
        /// It would be removed.
        case deleted
        /// It should be removed, but foreign rules jump to it: it would be emptied.
        case emptied
    }

    /// The chain.
    public let chain: ChainName
    /// What it is for; unknown for a chain that is not desired.
    public let origin: Origin
    /// What would become of it.
    public let kind: Kind
    /// The rules that would change, in the order of the chain.
    public let rules: [RuleChange]
}

/// One rule that would change.
public struct RuleChange: Sendable, Encodable, Hashable {
    /// How it would change.
    public enum Kind: String, Sendable, Encodable {
        /// It is missing.
        case added
        /// It should not be there.
        case removed
        /// It should stand at another place of its chain.
        case moved
    }

    /// How it would change.
    public let kind: Kind
    /// What the rule is for; of a rule that is not desired, what its chain is for.
    public let origin: Origin
    /// The rule as iptables-save prints it; what is not understood of a foreign one is marked `[unknown: N bytes]`.
    public let text: String
    /// The rule; `nil` if our language has no words for it.
    package let rule: Rule?

    private enum CodingKeys: CodingKey { case kind, origin, text }
}

/// A foreign rule in a built-in chain.
public struct ForeignRule: Sendable, Encodable, Hashable {
    /// The built-in chain.
    public let chain: ChainName
    /// Its place in the chain, from 1, as `iptables -L --line-numbers` counts.
    public let position: Int
    /// The rule as iptables-save prints it; what is not understood of it is marked `[unknown: N bytes]`.
    public let text: String
}

extension Syncer {
    /// What ``apply(without:expecting:_:)`` would do to the tables as they are now.
    ///
    /// The lock is not taken: the kernel hands a table out whole, as it is at one moment, so each table is consistent in
    /// itself, and a plan neither waits for other programs nor keeps them waiting.
    ///
    /// - Throws: ``SyncError``.
    public func plan(_ ruleset: Ruleset) throws(SyncError) -> SyncPlan {
        try plan(ruleset, purpose: .synchronize)
    }

    /// What ``cleanup(_:)`` would do to the tables as they are now.
    ///
    /// - Throws: ``SyncError``.
    public func cleanupPlan(_ family: IPFamily) throws(SyncError) -> SyncPlan {
        try plan(Ruleset(family: family, tables: []), purpose: .cleanUp)
    }

    private func plan(_ ruleset: Ruleset, purpose: DifferenceBuilder.Purpose) throws(SyncError) -> SyncPlan {
        var plans: [TablePlan] = []
        try forEachDifference(from: ruleset, purpose: purpose) { desired, kernel, difference in
            let ahead = RulesAheadReader(
                desired: desired, kernel: kernel, difference: difference, ownership: ownership
            ).read()
            plans.append(
                TablePlanner(desired: desired, kernel: kernel, difference: difference).plan(rulesAhead: ahead))
        }
        return SyncPlan(family: ruleset.family, tables: plans.reversed())
    }

    /// Calls `body` with each table as it is desired, as it is, and with the difference, in the order of reading.
    func forEachDifference(
        from ruleset: Ruleset, purpose: DifferenceBuilder.Purpose,
        _ body: (EncodedTable, any TableTransaction, TableDifference) -> Void
    ) throws(SyncError) {
        for desired in try encode(ruleset) {
            let kernel: any TableTransaction
            do throws(KernelFailure) {
                kernel = try store.open(desired.table, family: desired.family)
            } catch {
                throw SyncError(error)
            }
            let difference = DifferenceBuilder.difference(
                from: kernel, to: desired, ownership: ownership, purpose: purpose, keepsJumpsFirst: keepsJumpsFirst)
            body(desired, kernel, difference)
        }
    }
}
