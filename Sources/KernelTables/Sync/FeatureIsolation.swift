// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Finds out which feature of the rules the kernel refuses, and commits the rules without it.
///
/// The kernel refuses a table whole without a reason, and there is no commit for trial. So the rules are committed
/// without one feature after the other; if that never helps, without more and more of them, those that matter least
/// first, until the kernel agrees; then with one after the other again. Each commit that succeeds is a good state, none
/// takes away what an earlier one brought, and the last one lacks nothing that could be there: before anything is reported
/// missing, the whole rules are tried once more.
///
/// Only features of the table that was refused come into question. That the error is no passing one is certain by then:
/// ``SyncRun`` has met it twice on an unchanged table.
struct FeatureIsolation {
    let syncer: Syncer
    let ruleset: Ruleset
    let excluded: Set<RuleFeature>
    let failure: KernelFailure

    /// What came of rules without some features.
    private enum Outcome {
        case committed(SyncReport)
        /// The table in question was committed, and the next one was refused.
        case nextTableRefused(KernelFailure)
    }

    /// - Throws: the first refusal, when leaving out features does not help.
    func run() throws(SyncError) -> SyncReport {
        guard let (missing, outcome) = try fewestMissingFeatures() else { throw originalError() }
        var report: SyncReport
        switch outcome {
        case .committed(let committed):
            report = committed
        case .nextTableRefused(let next):
            report = try FeatureIsolation(
                syncer: syncer, ruleset: ruleset, excluded: excluded.union(missing), failure: next
            ).run()
        }
        // The error may have passed meanwhile.
        if case .committed(let whole) = try attempt(without: []) { return whole }
        report.unsupported = unsupported(missing) + report.unsupported
        return report
    }

    /// The features without which the kernel takes the table; `nil` if there are none.
    private func fewestMissingFeatures() throws(SyncError) -> (missing: Set<RuleFeature>, outcome: Outcome)? {
        let candidates = ruleset.features(of: failure.table).filter { !excluded.contains($0) }
        for candidate in candidates {
            if let outcome = try attempt(without: [candidate]) { return ([candidate], outcome) }
        }
        for count in candidates.indices.dropFirst(2) + [candidates.count] where count > 1 {
            let left = candidates[..<count]
            guard var outcome = try attempt(without: Set(left)) else { continue }
            // The last one is missing for certain: without only those before it the kernel refused.
            var missing = Set(left)
            for candidate in left.dropLast() {
                guard let better = try attempt(without: missing.subtracting([candidate])) else { continue }
                missing.remove(candidate)
                outcome = better
            }
            return (missing, outcome)
        }
        return nil
    }

    /// Commits without some features; `nil` if the kernel refuses the table in question.
    private func attempt(without missing: Set<RuleFeature>) throws(SyncError) -> Outcome? {
        do throws(SyncError) {
            return .committed(try syncer.synchronize { ruleset.removing(missing.union(excluded)).rules })
        } catch .refused(let next, _) {
            return next.table == failure.table ? nil : .nextTableRefused(next)
        }
    }

    private func unsupported(_ missing: Set<RuleFeature>) -> [UnsupportedFeature] {
        let affected = ruleset.removing(missing).affected
        return ruleset.features().filter(missing.contains).map { feature in
            UnsupportedFeature(
                feature: feature, failure: failure, affected: affected[feature, default: []].sorted())
        }
    }

    private func originalError() -> SyncError {
        do throws(SyncError) {
            let names = try syncer.encode(ruleset).first { $0.table == failure.table }?.extensionNames
            return SyncError(failure, extensions: names ?? [])
        } catch {
            return error
        }
    }
}
