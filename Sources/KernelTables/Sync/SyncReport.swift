// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What a synchronization did, and how long each part of it took.
public struct SyncReport: Sendable {
    /// The family.
    public internal(set) var family: IPFamily = .ipv4
    /// How long each phase took, over all tables and attempts.
    public internal(set) var phases = SyncPhases()
    /// What changed, table by table, in the order in which they were committed.
    public internal(set) var tables: [TableChange] = []
    /// How often the tables were read: more than once if another process changed them without the lock.
    public internal(set) var attempts = 0
    /// Features that the kernel does not have, and the service ports that lack them.
    public internal(set) var unsupported: [UnsupportedFeature] = []

    /// The drift that was repaired; only of a run that knew which chains it was expected to change.
    public internal(set) var drift: [TableDrift] = []
    /// The foreign rules that packets meet ahead of ours after the run, by table; none of a run that cleaned up.
    package internal(set) var rulesAhead: [RulesAhead] = []
    /// How each table looks after the run, for ``Syncer/isUntouched(since:)``; none if that is not known.
    public internal(set) var stamps: [TableStamp] = []

    /// Whether anything was committed.
    public var hasChanges: Bool { tables.contains { $0.isCommitted } }
}

/// The phases of a synchronization.
public struct SyncPhases: Hashable, Sendable {
    /// Rules into kernel form, before the lock is taken.
    public internal(set) var encode: Duration = .zero
    /// Waiting for the lock.
    public internal(set) var lockWait: Duration = .zero
    /// Reading the tables.
    public internal(set) var read: Duration = .zero
    /// Comparing them with the desired rules.
    public internal(set) var difference: Duration = .zero
    /// Changing libiptc's copy.
    public internal(set) var edit: Duration = .zero
    /// Committing.
    public internal(set) var commit: Duration = .zero

    /// What a run costs that finds nothing to change.
    package var comparison: Duration { encode + read + difference }
    /// How long the lock was held.
    public var locked: Duration { read + difference + edit + commit }
    /// All phases together.
    public var total: Duration { encode + lockWait + locked }
}

/// The change of one table.
public struct TableChange: Hashable, Sendable {
    /// The table.
    public let table: Table
    /// The number of entries before: rules, two for each chain, one for each built-in chain, and one.
    public let entriesBefore: Int
    /// The number of entries after.
    public let entriesAfter: Int
    /// The number of rules that our chains have after, those of built-in chains left out.
    public let ruleCount: Int
    /// Chains made.
    public let chainsCreated: Int
    /// Chains removed.
    public let chainsDeleted: Int
    /// Rules that are new, those of new chains included.
    public let rulesAdded: Int
    /// Rules that are gone, those of removed chains included.
    public let rulesRemoved: Int
    /// Rules that stand at another place of their chain.
    public let rulesMoved: Int
    /// Chains that should be gone but stay, empty, because foreign rules jump to them.
    public let keptChains: [KeptChain]
    /// Whether there was something to commit, and it was.
    public internal(set) var isCommitted = false
    /// Whether the counters of the table's rules began again at zero: another process changed the table, without the lock,
    /// between the two calls that a commit consists of.
    public internal(set) var hasLostCounters = false

    /// Whether there is nothing to change.
    public let isEmpty: Bool
}

/// A chain of ours that is no longer desired but cannot be removed.
public struct KeptChain: Hashable, Sendable, Codable {
    /// The chain; it is empty.
    public let chain: ChainName
    /// The chains with foreign rules that jump to it.
    public let referencedFrom: [ChainName]
}

extension TableDifference {
    /// The counts of this difference.
    func change(of desired: EncodedTable) -> TableChange {
        var added = created.reduce(0) { $0 + desired.rules(ofChain: $1).count }
        var removed = stale.reduce(0) { $0 + $1.ruleCount }
        var moved = 0
        for edit in edits {
            for ruleEdit in edit.edits {
                switch ruleEdit {
                case .insert: added += 1
                case .delete: removed += 1
                case .replace:
                    added += 1
                    removed += 1
                }
            }
            moved += edit.movedCount
        }
        let kept = stale.filter { !$0.foreignReferences.isEmpty }
        let deleted = stale.count - kept.count
        return TableChange(
            table: desired.table, entriesBefore: entriesBefore,
            entriesAfter: entriesBefore + added - removed + 2 * (created.count - deleted),
            ruleCount: desired.chainRuleCount, chainsCreated: created.count, chainsDeleted: deleted,
            rulesAdded: added - moved,
            rulesRemoved: removed - moved, rulesMoved: moved,
            keptChains: kept.map { KeptChain(chain: $0.chain, referencedFrom: $0.foreignReferences) },
            isEmpty: isEmpty)
    }
}
