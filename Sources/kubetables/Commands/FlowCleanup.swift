// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Host
import NetworkTypes
import Proxy
import RuleCompiler

/// Deletes the flows that rules would pass by, once after a commit, and reports it.
struct FlowCleanup {
    private let family: IPFamily
    private let finder: StaleFlowFinder

    /// - Parameters:
    ///   - compilation: what the rules are made of; needed no longer than this call.
    ///   - formerFrontEnds: where clients reached Services that are gone.
    init(_ compilation: Compilation, formerFrontEnds: Set<UDPFrontEnd>) {
        family = compilation.family
        finder = StaleFlowFinder(compilation, formerFrontEnds: formerFrontEnds, afterGap: true, host: LinuxHost())
    }

    /// What fails is only worth a warning, since the rules are in force.
    func run() {
        do throws(FlowTableFailure) {
            let summary = FlowSummary(try StaleFlowCleanup().run(family, finder), family)
            Console.warn(summary.refusals)
            if summary.hasDeletions { Console.note(summary.deletions) }
        } catch {
            Console.warn(["stale flows were not deleted: \(error)"])
        }
    }
}
