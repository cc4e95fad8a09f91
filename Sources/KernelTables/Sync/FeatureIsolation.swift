import NetworkTypes
import XTables

/// Finds out which feature of the rules the kernel refuses, and commits the rules without it.
///
/// The kernel refuses a table whole and does not say why, and there is no commit for trial. So the rules are committed
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

    /// - Throws: the first refusal, when leaving out features does not help.
    func run() throws(SyncError) -> SyncReport {
        let candidates = ruleset.features(of: failure.table).filter { !excluded.contains($0) }
        for candidate in candidates {
            if let report = try attempt(without: [candidate]) { return try finished(report, [candidate]) }
        }
        for count in candidates.indices.dropFirst(2) + [candidates.count] where count > 1 {
            let left = candidates[..<count]
            guard var report = try attempt(without: Set(left)) else { continue }
            // The last one had to go: without it the kernel refused.
            var missing = Set(left)
            for candidate in left.dropLast() {
                guard let better = try attempt(without: missing.subtracting([candidate])) else { continue }
                missing.remove(candidate)
                report = better
            }
            return try finished(report, missing)
        }
        throw originalError()
    }

    /// Commits without some features; `nil` if the kernel refuses that too.
    private func attempt(without missing: Set<RuleFeature>) throws(SyncError) -> SyncReport? {
        do throws(SyncError) {
            return try syncer.synchronize { ruleset.removing(missing.union(excluded)).rules }
        } catch .refused {
            return nil
        }
    }

    /// The report of a run that had to leave something out, unless the kernel takes the whole rules now.
    private func finished(_ report: SyncReport, _ missing: Set<RuleFeature>) throws(SyncError) -> SyncReport {
        if let whole = try attempt(without: []) { return whole }
        let affected = ruleset.removing(missing).affected
        var report = report
        report.unsupported = ruleset.features().filter(missing.contains).map { feature in
            UnsupportedFeature(
                feature: feature, failure: failure, affected: affected[feature, default: []].sorted())
        }
        return report
    }

    private func originalError() -> SyncError {
        do throws(SyncError) {
            let names = try SyncRun.encode(ruleset).first { $0.table == failure.table }?.extensionNames
            return SyncError(failure, extensions: names ?? [])
        } catch {
            return error
        }
    }
}
