// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import SystemPackage

/// Deletes the flows that a ``StaleFlowFinder`` finds.
///
/// To be run after the rules are committed: a flow that is deleted earlier may begin anew by the old rules.
package struct StaleFlowCleanup: Sendable {
    /// How often the flows are listed again when a listing is interrupted; after that, what there is must do.
    package static let listingAttempts = 5
    /// How many stale flows are remembered at a time (about 8 MB); if there are more, the flows are listed again.
    package static let defaultBatchLimit = 65_536

    private let table: any FlowTable
    private let batchLimit: Int

    /// - Parameters:
    ///   - table: the flows; by default the kernel's, in the network namespace of the thread that runs the cleanup.
    ///   - batchLimit: how many stale flows are remembered at a time, at least 1.
    package init(_ table: any FlowTable = NetlinkFlowTable(), batchLimit: Int = defaultBatchLimit) {
        precondition(batchLimit > 0, "a batch holds at least one flow")
        self.table = table
        self.batchLimit = batchLimit
    }

    /// What a cleanup did.
    package struct Report: Sendable, Hashable {
        /// How many UDP flows were checked.
        package var examined = 0
        /// What became of the stale ones.
        package var deletion = FlowDeletion()
        /// What became of TCP connections that began without rules.
        package var connections = FlowDeletion()
        /// Whether all flows were seen; if not, the next cleanup should not wait for a change.
        package var isComplete = true
        /// How long it took.
        package var duration = Duration.zero

        package init() {}
    }

    /// Deletes the stale flows of a family.
    ///
    /// Blocks until it is done: 5 µs for each flow of the family, and 15 µs for each that is deleted. A flow that the kernel
    /// does not find although it still lists it counts as refused.
    ///
    /// - Throws: ``FlowTableFailure`` if flows cannot be listed; some may have been deleted already.
    package func run(_ family: IPFamily, _ finder: StaleFlowFinder) throws(FlowTableFailure) -> Report {
        var report = Report()
        guard finder.hasAny else { return report }
        let clock = ContinuousClock()
        let start = clock.now
        var hasMore = true
        while hasMore {
            let batch = try findStaleFlows(family, finder)
            report.examined = max(report.examined, batch.examined)
            report.isComplete = batch.listing == .complete
            let connections = try delete(batch.flows.filter { $0.transport == .tcp }, family)
            let deletion = try delete(batch.flows.filter { $0.transport != .tcp }, family)
            report.connections += connections
            report.deletion += deletion
            // Without progress another round would find the same flows again.
            hasMore = batch.flows.count == batchLimit && deletion.deleted + connections.deleted > 0
        }
        report.isComplete = report.isComplete && report.deletion.refused + report.connections.refused == 0
        report.duration = clock.now - start
        return report
    }

    private struct Batch {
        var flows: [Flow] = []
        var examined = 0
        var listing = FlowListing.interrupted
    }

    private func findStaleFlows(_ family: IPFamily, _ finder: StaleFlowFinder) throws(FlowTableFailure) -> Batch {
        var batch = Batch()
        for _ in 0..<Self.listingAttempts where batch.listing == .interrupted {
            batch = Batch()
            batch.listing = try table.visitFlows(family, finder.kinds) { flow in
                if flow.transport == .udp { batch.examined += 1 }
                if batch.flows.count < batchLimit, finder.isStale(flow) { batch.flows.append(flow) }
            }
        }
        return batch
    }

    private func delete(_ flows: [Flow], _ family: IPFamily) throws(FlowTableFailure) -> FlowDeletion {
        guard !flows.isEmpty else { return FlowDeletion() }
        var deletion = try table.delete(flows, family)
        try refuseThoseStillListed(&deletion, family)
        return deletion
    }

    /// A flow that was not found may still be there, as one that is to be found by something that is not known here.
    private func refuseThoseStillListed(_ deletion: inout FlowDeletion, _ family: IPFamily) throws(FlowTableFailure) {
        guard !deletion.notFound.isEmpty else { return }
        let missed = Dictionary(deletion.notFound.map { ($0.identifier, $0) }) { first, _ in first }
        var present: [Flow] = []
        _ = try table.visitFlows(family, Set(deletion.notFound.map { .all($0.transport) })) { flow in
            if let other = missed[flow.identifier], flow.isSameEntry(as: other) { present.append(flow) }
        }
        guard let first = present.first else { return }
        let identifiers = Set(present.map(\.identifier))
        deletion.notFound.removeAll { identifiers.contains($0.identifier) }
        deletion.refused += identifiers.count
        deletion.firstRefusal =
            deletion.firstRefusal ?? FlowTableFailure(.delete(first), family, .noSuchFileOrDirectory)
    }
}
