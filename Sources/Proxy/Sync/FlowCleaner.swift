// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Host
import NetworkTypes
import RuleCompiler
import ServiceModel

/// Deletes the stale flows of one family, and remembers what could not be done.
actor FlowCleaner {
    private let family: IPFamily
    private let cleanup: StaleFlowCleanup
    private let host: any Host
    private let observer: any ProxyObserver
    private let queue: BlockingQueue
    /// Flows that could not be cleaned after the last commit.
    private var owed = FlowDebt()

    /// - Parameter queue: the thread that waits for the kernel.
    init(
        _ family: IPFamily, cleanup: StaleFlowCleanup, host: any Host, observer: any ProxyObserver, queue: BlockingQueue
    ) {
        self.family = family
        self.cleanup = cleanup
        self.host = host
        self.observer = observer
        self.queue = queue
    }

    /// Deletes the flows that earlier rules lead to endpoints that are gone, if any can be.
    ///
    /// - Parameters:
    ///   - committed: what the kernel's rules were made of; what has been compiled since is not in force yet.
    ///   - changes: what the commit adds to that which is still owed.
    func clean(after committed: Compilation, _ changes: FlowDebt = FlowDebt()) async {
        owed.formUnion(changes)
        guard owed.isDue else { return }
        let family = family
        let cleanup = cleanup
        let finder = StaleFlowFinder(committed, former: Array(owed.former), afterGap: owed.afterGap, host: host)
        let outcome = await queue.run { Result { () throws(FlowTableFailure) in try cleanup.run(family, finder) } }
        switch outcome {
        case .success(let report):
            if report.isComplete { owed = FlowDebt() }
            observer.observe(.flowsCleaned(family, report))
        case .failure(let failure):
            observer.observe(.flowsNotCleaned(family, failure))
        }
    }
}
