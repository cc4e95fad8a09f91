// SPDX-License-Identifier: Apache-2.0

import KernelTables
import RuleCompiler

/// Follows what the rules have counted, while rules come and go.
package protocol TrafficFollower: CounterKeeper {
    /// The kernel holds these rules now; what was reported of a change until now belongs to those in force before.
    func rulesAreInForce(_ compilation: Compilation)
}

/// What is needed to bring the tables in sync, to be carried to the thread that waits for the kernel.
struct RuleCommit: Sendable {
    let backend: any RuleBackend
    /// Features that are left out.
    let excluded: Set<RuleFeature>
    /// The chains whose rules are expected to differ, other differences being drift; `nil` if any chain may differ.
    let expected: TouchedChains?
    let desired: DesiredRules
    let traffic: (any TrafficFollower)?

    struct Outcome {
        let report: SyncReport
        /// How long it took to put the rules together.
        let rulesTime: Duration
    }

    func perform() -> Result<Outcome, SyncError> {
        let clock = ContinuousClock()
        var rulesTime = Duration.zero
        return Result { () throws(SyncError) in
            let report = try backend.apply(without: excluded, expecting: expected) {
                let start = clock.now
                defer { rulesTime += clock.now - start }
                return desired.ruleset
            }
            traffic?.rulesAreInForce(desired.compilation)
            return Outcome(report: report, rulesTime: rulesTime)
        }
    }
}
