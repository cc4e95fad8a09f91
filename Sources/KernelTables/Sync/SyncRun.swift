// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import NetworkTypes
import XTables

/// One run of the syncer: encode, take the lock, read, compare, edit, commit, until no other process interferes.
struct SyncRun {
    private let syncer: Syncer
    private let purpose: DifferenceBuilder.Purpose
    /// The chains that are expected to change; other changes are drift.
    private let expected: [Table: Set<ChainName>]?
    private var report = SyncReport()
    /// The commit that failed in the last attempt, if one did.
    private var failedCommit: FailedCommit?
    private let clock = ContinuousClock()

    /// A commit that the kernel answered with an error, which leaves open whether the table was replaced: libiptc makes
    /// two calls of one commit, and the second one, which adds the counters, may fail after the first one has succeeded.
    private struct FailedCommit {
        let failure: KernelFailure
        /// The table as it was read for this commit.
        let stamp: TableStamp?
        let change: TableChange
        let drift: TableDrift?
        let removed: [CounterKey: RuleCounters]

        /// Whether this is the same error again, on a table that has not changed meanwhile.
        func isRepetition(of earlier: FailedCommit?) -> Bool {
            failure == earlier?.failure && stamp != nil && stamp == earlier?.stamp
        }
    }

    init(syncer: Syncer, purpose: DifferenceBuilder.Purpose, expected: [Table: Set<ChainName>]? = nil) {
        self.syncer = syncer
        self.purpose = purpose
        self.expected = expected
    }

    mutating func perform(_ makeRuleset: () -> Ruleset) throws(SyncError) -> SyncReport {
        var backOff = syncer.firstBackOff
        while true {
            report.attempts += 1
            let failure: KernelFailure
            switch try attempt(makeRuleset) {
            case .done: return report
            case .stopped: throw .stopped
            case .interfered(let interference): failure = interference
            }
            guard report.attempts < syncer.maximumAttempts else {
                throw failure.errorNumber == EAGAIN
                    ? .changedMeanwhile(failure, attempts: report.attempts) : SyncError(failure)
            }
            sleep(backOff)
            backOff *= 2
        }
    }

    private enum Outcome {
        case done
        /// Another process changed a table without the lock, or an error may be a passing one: it is to be tried again.
        case interfered(KernelFailure)
        /// The program is to end, and nothing was committed.
        case stopped
    }

    /// One attempt under one hold of the lock.
    private mutating func attempt(_ makeRuleset: () -> Ruleset) throws(SyncError) -> Outcome {
        let encoded = try encode(makeRuleset)
        let lock = try takeLock()
        guard syncer.stop?.beginWork() ?? true else { return .stopped }
        defer { syncer.stop?.endWork() }
        syncer.counterKeeper?.beginChange(of: report.family)
        defer { syncer.counterKeeper?.endChange(of: report.family) }
        var work: [TableWork] = []
        // Freeing a large table takes a while: the lock is released before `work` is.
        defer { lock?.release() }
        do throws(KernelFailure) {
            for table in encoded { work.append(try prepare(table)) }
            if purpose == .synchronize { work.reverse() }
            let earlier = report
            report.tables = work.map(\.change)
            report.drift = work.compactMap(\.drift)
            report.rulesAhead = work.map(\.ahead)
            keepCommitted(of: earlier)
            acknowledgeFailedCommit()
            // Reading large tables takes a while; half of the tables is committed with the other half.
            if syncer.stop?.isMade == true, !report.hasChanges { return .stopped }
            for index in work.indices where !work[index].change.isEmpty {
                try edit(&work[index])
                if let failed = commit(work[index], at: index) {
                    defer { failedCommit = failed }
                    guard failed.isRepetition(of: failedCommit) else { return .interfered(failed.failure) }
                    throw failed.failure
                }
            }
            // Under the lock: what other processes change from now on shows.
            report.stamps = stamps(of: work)
            return .done
        } catch {
            if error.errorNumber == EAGAIN { return .interfered(error) }
            throw SyncError(error, extensions: work.first { $0.change.table == error.table }?.extensionNames ?? [])
        }
    }

    /// Commits a table; what failed, if the kernel answers with an error.
    private mutating func commit(_ work: TableWork, at index: Int) -> FailedCommit? {
        let before = try? syncer.store.stamp(of: work.change.table, family: report.family)
        do throws(KernelFailure) {
            try measure(\.commit) { () throws(KernelFailure) in try work.transaction.commit() }
        } catch {
            return FailedCommit(
                failure: error, stamp: before, change: work.change, drift: work.drift, removed: work.removed)
        }
        report.tables[index].isCommitted = true
        syncer.counterKeeper?.committed(work.change.table, family: report.family, removed: work.removed)
        return nil
    }

    /// Takes note that a commit that failed has replaced the table after all: it now holds the desired rules.
    ///
    /// Then only the counters were not added back, because another process had changed the table by then.
    private mutating func acknowledgeFailedCommit() {
        guard let failed = failedCommit,
            let index = report.tables.firstIndex(where: { $0.table == failed.change.table }),
            report.tables[index].isEmpty, !report.tables[index].isCommitted
        else { return }
        report.tables[index] = failed.change
        report.tables[index].isCommitted = true
        report.tables[index].hasLostCounters = true
        if let drift = failed.drift { report.drift.append(drift) }
        syncer.counterKeeper?.committed(failed.change.table, family: report.family, removed: failed.removed)
        failedCommit = nil
    }

    /// A table that was read and compared.
    private struct TableWork {
        let transaction: any TableTransaction
        let change: TableChange
        let drift: TableDrift?
        /// What the rules have counted that are to be removed; nothing without a counter keeper.
        let removed: [CounterKey: RuleCounters]
        let extensionNames: [String]
        let ahead: RulesAhead
        /// What is to be done; nothing once it is done, for the memory is needed while the kernel works.
        var editor: TableEditor?
    }

    /// Encodes the rules; the ruleset itself is not kept.
    private mutating func encode(_ makeRuleset: () -> Ruleset) throws(SyncError) -> [EncodedTable] {
        let ruleset = makeRuleset()
        report.family = ruleset.family
        let syncer = syncer
        return try measure(\.encode) { () throws(SyncError) in try syncer.encode(ruleset) }
    }

    private mutating func takeLock() throws(SyncError) -> XTablesLock.Held? {
        guard let lock = syncer.lock else { return nil }
        do throws(XTablesLock.Failure) {
            let held = try lock.acquire()
            report.phases.lockWait += held.waited
            return held
        } catch {
            throw .lock(error)
        }
    }

    private mutating func prepare(_ desired: EncodedTable) throws(KernelFailure) -> TableWork {
        let syncer = syncer
        let purpose = purpose
        let transaction = try measure(\.read) { () throws(KernelFailure) in
            try syncer.store.open(desired.table, family: desired.family)
        }
        let difference = measure(\.difference) {
            DifferenceBuilder.difference(
                from: transaction, to: desired, ownership: syncer.ownership, purpose: purpose,
                keepsJumpsFirst: syncer.keepsJumpsFirst)
        }
        let ahead = measure(\.difference) {
            RulesAheadReader(
                desired: desired, kernel: transaction, difference: difference, ownership: syncer.ownership
            ).read()
        }
        // Described only if there is any: most runs find none.
        let drift = expected.flatMap { expected in
            difference.isEmpty
                ? nil
                : TablePlanner(desired: desired, kernel: transaction, difference: difference)
                    .drift(except: expected[desired.table] ?? [])
        }
        return TableWork(
            transaction: transaction, change: difference.change(of: desired), drift: drift,
            removed: syncer.counterKeeper == nil
                ? [:] : syncer.ownership.wholeKeys(difference.removedCounters(transaction), in: desired.table),
            extensionNames: desired.extensionNames, ahead: ahead,
            editor: TableEditor(desired: desired, difference: difference))
    }

    /// What an earlier attempt has committed stays in the report, which would not show it otherwise.
    private mutating func keepCommitted(of earlier: SyncReport) {
        for index in report.tables.indices where report.tables[index].isEmpty {
            let table = report.tables[index].table
            guard let committed = earlier.tables.first(where: { $0.table == table && $0.isCommitted }) else { continue }
            report.tables[index] = committed
            report.drift += earlier.drift.filter { $0.table == table }
        }
    }

    private func stamps(of work: [TableWork]) -> [TableStamp] {
        let stamps = work.map { try? syncer.store.stamp(of: $0.transaction.table, family: $0.transaction.family) }
        return stamps.contains(nil) ? [] : stamps.compactMap(\.self)
    }

    private mutating func edit(_ work: inout TableWork) throws(KernelFailure) {
        guard let editor = work.editor.take() else { return }
        let transaction = work.transaction
        try measure(\.edit) { () throws(KernelFailure) in try editor.edit(transaction) }
    }

    private mutating func measure<Result, Failure: Error>(
        _ phase: WritableKeyPath<SyncPhases, Duration>, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = clock.now
        defer { report.phases[keyPath: phase] += clock.now - start }
        return try body()
    }
}
