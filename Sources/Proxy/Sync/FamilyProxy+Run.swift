// SPDX-License-Identifier: Apache-2.0

import ForeignRules
import KernelTables
import NetworkTypes
import RuleCompiler
import XTables

/// The loop: when the kernel is read and written, and what is done with the outcome.
extension FamilyProxy {
    /// How often the host is checked, which costs too much to do it every time.
    private static let hostCheckPeriod = Duration.seconds(3600)

    /// Synchronizes the tables whenever it is time, until the task is cancelled; a run in progress is finished.
    func run() async {
        while !Task.isCancelled {
            await endJudgements()
            switch schedule.next(at: clock.now) {
            case .wait(let deadline): await alarm.sleep(until: min(deadline, ledger.nextExpiry ?? deadline))
            case .synchronize: await synchronize(lastFailed ? .retry : lastReport == nil ? .start : .change)
            case .check: await check()
            }
        }
    }

    /// Checks whether the tables are as they were left, and repairs them if not.
    private func check() async {
        // Nothing has changed since the last commit, or this would be no mere check.
        if let compilation {
            await flows?.clean(after: compilation)
            if foreignRulePace.isDue(at: clock.now) { await judge(foreignRulePace.judged, compilation) }
        }
        if let lastReport, !pace.isDue(at: clock.now), !exclusions.isTryDue(at: clock.now) {
            let backend = backend
            let isUntouched = await queue.run { (try? backend.isUntouched(since: lastReport)) ?? false }
            if isUntouched { return schedule.checked(at: clock.now) }
        }
        await synchronize(.check)
    }

    private func synchronize(_ reason: Synchronization.Reason) async {
        guard compilation != nil else { return schedule.end(at: clock.now, .succeeded) }
        if keeping.needsKernel {
            let (backend, family) = (backend, family)
            switch await queue.run({ Result { () throws(SyncError) in try backend.serviceTables(family) } }) {
            case .success(let tables): keepRules(tables)
            case .failure(let error): return fail(error, reason, takeWork())
            }
        }
        guard let desired else { return }
        let compilation = desired.compilation
        let work = takeWork()
        let excluded = exclusions.excluded(at: clock.now)
        let commit = RuleCommit(
            backend: backend, excluded: excluded,
            // What was left out so far is missing, but has not drifted.
            expected: exclusions.isTryDue(at: clock.now) ? nil : work.changes.chains,
            desired: desired, traffic: traffic)
        let outcome = await queue.run { commit.perform() }
        underway = ChangeCounts()
        switch outcome {
        case .success(let result):
            succeed(result, reason, work, compilation, excluding: excluded)
            reportKeptRules(desired.kept)
            let isDue = foreignRulePace.found(
                result.report.rulesAhead, servicesChanged: work.changes.services?.isEmpty != true, at: clock.now)
            if isDue { await judge(result.report.rulesAhead, compilation) }
            var debt = work.changes.flows
            if result.report.restoredNAT(expecting: commit.expected) { debt.formUnion(.gap) }
            await flows?.clean(after: compilation, debt)
            await checkHost(compilation)
        case .failure(let error):
            fail(error, reason, work)
        }
        await queue.run { Memory.giveBack() }
    }

    /// The changes that a run serves.
    private struct Work {
        let changes: PendingChanges
        /// The time that compiling them took.
        let compileTime: Duration
    }

    private func takeWork() -> Work {
        let work = Work(changes: pending, compileTime: compileTime)
        pending = .none
        compileTime = .zero
        underway = work.changes.record.counts
        schedule.begin(at: clock.now)
        return work
    }

    private func succeed(
        _ result: RuleCommit.Outcome, _ reason: Synchronization.Reason, _ work: Work, _ compilation: Compilation,
        excluding excluded: Set<RuleFeature>
    ) {
        let now = clock.now
        let report = result.report
        exclusions.ended(at: now, excluding: excluded, refused: Set(report.unsupported.map(\.feature)))
        lastReport = report
        lastFailed = false
        pace.compared(at: now, taking: report.phases.comparison)
        schedule.end(at: now, .succeeded)
        missingLocalEndpoints.update(compilation, changed: work.changes.services)
        observer.observe(
            .synchronized(
                Synchronization(
                    family: family, reason: reason, changedServices: work.changes.services?.count,
                    serviceChanges: work.changes.serviceChanges(in: compilation),
                    compileTime: work.compileTime + result.rulesTime, report: report,
                    triggerTimes: work.changes.record.triggers.map(\.time),
                    missingLocalEndpoints: missingLocalEndpoints.total)))
        reportPending()
        if let services = healthChecks.update(compilation, changed: work.changes.services) {
            observer.observe(.healthChecksChanged(services))
        }
    }

    private func fail(_ error: SyncError, _ reason: Synchronization.Reason, _ work: Work) {
        pending.formUnion(work.changes)
        compileTime += work.compileTime
        lastFailed = true
        schedule.end(at: clock.now, error.scheduleOutcome)
        guard !error.isStop else { return }
        observer.observe(
            .failed(
                FailedSynchronization(
                    family: family, reason: reason, changedServices: work.changes.services?.count, error: error,
                    retryAfter: schedule.retryDelay)))
    }

    /// Reports what stays of an earlier run's rules, if that is something else than before.
    private func reportKeptRules(_ kept: KeptRules?) {
        let report = keeping.report(family, kept: kept)
        guard report != reportedKeptRules ?? KeptRulesReport(family: family) else { return }
        reportedKeptRules = report
        observer.observe(.rulesKept(report))
    }

    /// Reports the foreign rules that stand ahead of ours, if they are others than before or take other packets.
    ///
    /// They come with the tables that were read anyway.
    private func judge(_ tables: [RulesAhead], _ compilation: Compilation) async {
        let start = clock.now
        var findings = ForeignRuleCheck.Findings()
        if tables.contains(where: { !$0.entrances.isEmpty }) {
            let check = ForeignRuleCheck(compilation, localAddresses: localAddresses)
            findings = await queue.run { check.findings(tables) }
        }
        foreignRulePace.ended(tables, at: clock.now, taking: clock.now - start)
        let known = foreignRules
        foreignRules = findings
        if findings.takingRules != known.takingRules {
            observer.observe(.foreignRulesAhead(family, findings.takingRules))
        }
        if findings.recognizedRules != known.recognizedRules {
            observer.observe(.recognizedRulesAhead(family, findings.recognizedRules))
        }
    }

    private func checkHost(_ compilation: Compilation) async {
        guard nextHostCheck.map({ $0 <= clock.now }) ?? true else { return }
        nextHostCheck = clock.now + Self.hostCheckPeriod
        let family = family
        let hostCheck = hostCheck
        let warnings = await queue.run { hostCheck.warnings(family, compilation.servicePorts) }
        observer.observe(.hostChecked(family, warnings: warnings))
    }
}

extension SyncReport {
    /// Whether rules of nat had drifted, or may have, so that flows can have begun without them.
    ///
    /// - Parameter expected: the chains that were expected to change; `nil` if any was, so that drift does not show.
    fileprivate func restoredNAT(expecting expected: TouchedChains?) -> Bool {
        expected == nil
            ? tables.contains { $0.table == .nat && $0.isCommitted } : drift.contains { $0.table == .nat }
    }
}

extension SyncError {
    fileprivate var scheduleOutcome: SyncSchedule.Outcome {
        if case .lock(.busy) = self { .lockBusy } else { .failed }
    }

    /// Whether nothing went wrong, but the program is to end.
    fileprivate var isStop: Bool {
        switch self {
        case .stopped, .lock(.stopped): true
        default: false
        }
    }
}
