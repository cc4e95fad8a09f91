// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import NetworkTypes
import XTables

/// Keeps a family's tables in sync with a ruleset.
///
/// Design goals:
/// - *Whole state.* Every run works from all desired rules and what the kernel really holds, never from remembered
///   changes; so the next run completes one that failed or died.
/// - *One commit per table*, jumps and deletions included; none where nothing changes. Adding, filter is committed before
///   nat, so that a Service that must be refused is refused before it is balanced; cleaning up, the other way round.
/// - *The lock is held shortly*: rules are encoded before it is taken, memory is freed after it is given back.
///
/// Invariants:
/// - Read, edit and commit of all tables happen under one hold of the lock: the kernel itself notices a concurrent change
///   only when it changes the number of entries.
/// - Nothing but the kernel's tables is changed, and the rules of each by one system call: a process killed anywhere leaves
///   each table with the old rules or the new ones. A second call adds the counters of the rules that stay, which begin
///   at zero if the process is killed between the two.
/// - Tables are opened in the reverse order of `Table.allCases`, nat before filter: the kernel lists the table made last
///   first, and so iptables-save prints filter before nat.
///
/// All calls are synchronous and use the network namespace of the calling thread.
public struct Syncer: RuleBackend {
    /// Where the tables are.
    public var store: any KernelTableStore
    /// The lock; `nil` for tables that no other process can write to.
    public var lock: XTablesLock?
    /// Which chains may be changed and removed.
    public var ownership: ChainOwnership
    /// Whether our rules in built-in chains are moved ahead of foreign ones again.
    public var keepsJumpsFirst = false
    /// Receives what rules had counted that a commit removes; `nil` if that is not needed.
    public var counterKeeper: (any CounterKeeper)?
    /// Ends the wait for the lock, and keeps a run from its first commit; a run that has begun to commit is completed.
    package var stop: StopRequest? {
        didSet { lock?.stop = stop }
    }
    /// How often the tables are read again when another process changed them without the lock.
    public var maximumAttempts = 6
    /// How long to wait before the second attempt; each further wait is twice as long.
    public var firstBackOff: Duration = .milliseconds(20)

    /// Makes a syncer.
    public init(
        store: any KernelTableStore = LibiptcStore(), lock: XTablesLock? = XTablesLock(), ownership: ChainOwnership
    ) {
        self.store = store
        self.lock = lock
        self.ownership = ownership
    }

    /// Makes the kernel hold a ruleset that is made when it is needed, and not kept while the kernel works.
    ///
    /// A large ruleset and the kernel's copy of it need not be in memory at the same time.
    ///
    /// An error of a commit need not last: whatever it is, the tables are read again and the whole rules are tried again.
    /// Only an error that comes back on an unchanged table, and that a kernel without a match or target would give, leads
    /// to rules without it, if it can be done without; the report names what was left out and the service ports concerned.
    ///
    /// - Parameters:
    ///   - excluded: features known to be missing, from an earlier report; they are not tried.
    ///   - expected: the chains whose desired rules have changed since the last run; other changes are drift, which the
    ///     report then names. Without it everything counts as desired.
    ///   - makeRuleset: makes the same ruleset each time: once, and again for a second attempt.
    ///
    /// - Throws: ``SyncError``. The kernel then holds what it held before, or the new filter and the old nat table.
    public func apply(
        without excluded: Set<RuleFeature>, expecting expected: [Table: Set<ChainName>]?,
        _ makeRuleset: () -> Ruleset
    ) throws(SyncError) -> SyncReport {
        do throws(SyncError) {
            return try synchronize(expecting: expected) {
                excluded.isEmpty ? makeRuleset() : makeRuleset().removing(excluded).rules
            }
        } catch .refused(let failure, _) where failure.mayMeanMissingFeature {
            return try FeatureIsolation(
                syncer: self, ruleset: makeRuleset(), excluded: excluded, failure: failure
            ).run()
        }
    }

    /// Removes our jumps and chains, and what a former kube-proxy left; shared chains stay.
    ///
    /// - Throws: ``SyncError``.
    public func cleanup(_ family: IPFamily) throws(SyncError) -> SyncReport {
        var run = SyncRun(syncer: self, purpose: .cleanUp)
        return try run.perform { Ruleset(family: family, tables: []) }
    }

    /// Whether all tables still have the outline that a run left them with (``TableStamp``).
    ///
    /// Costs microseconds, whatever the size of the tables; a rule that was replaced by one of the same size escapes it.
    ///
    /// - Throws: ``SyncError``.
    public func isUntouched(since report: SyncReport) throws(SyncError) -> Bool {
        guard !report.stamps.isEmpty else { return false }
        do throws(KernelFailure) {
            for stamp in report.stamps where try store.stamp(of: stamp.table, family: stamp.family) != stamp {
                return false
            }
            return true
        } catch {
            throw SyncError(error)
        }
    }

    /// Whether the tables of a family can be read at all, and the lock be opened; takes microseconds.
    ///
    /// - Throws: ``SyncError`` if this process may not, or the kernel has no such tables.
    public func checkAccess(_ family: IPFamily) throws(SyncError) {
        do throws(XTablesLock.Failure) {
            try lock?.checkAccess()
        } catch {
            throw .lock(error)
        }
        do throws(KernelFailure) {
            for table in ownership.tables { _ = try store.stamp(of: table, family: family) }
        } catch {
            throw SyncError(error)
        }
    }

    /// What a table holds: every chain and rule, whoever wrote them.
    ///
    /// - Throws: ``KernelFailure``.
    public func read(_ table: Table, family: IPFamily) throws(KernelFailure) -> TableContent {
        try RulesetReader(store: store).read(table, family: family)
    }

    /// What the rules of a table have counted.
    public func counters(of table: Table, family: IPFamily) throws(KernelFailure) -> [CounterKey: RuleCounters] {
        ownership.wholeKeys(try store.counters(of: table, family: family), in: table)
    }

    /// One synchronization, without leaving anything out.
    func synchronize(
        expecting expected: [Table: Set<ChainName>]? = nil, _ makeRuleset: () -> Ruleset
    ) throws(SyncError) -> SyncReport {
        var run = SyncRun(syncer: self, purpose: .synchronize, expected: expected)
        return try run.perform(makeRuleset)
    }

    /// The tables of a ruleset and those that may hold rules of ours, encoded, in the order in which they are read.
    func encode(_ ruleset: Ruleset) throws(SyncError) -> [EncodedTable] {
        let named = ownership.tables + ruleset.tables.map(\.table)
        var encoded: [EncodedTable] = []
        for table in Table.allCases.reversed() where named.contains(table) {
            do throws(UnencodableRule) {
                encoded.append(try EncodedTable(ruleset[table], family: ruleset.family))
            } catch {
                throw .unencodable(error, table, ruleset.family)
            }
        }
        return encoded
    }
}
