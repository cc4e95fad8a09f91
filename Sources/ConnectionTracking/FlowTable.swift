// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The flows that are tracked: the kernel's (``NetlinkFlowTable``), or some in memory (``MemoryFlowTable``) for tests.
package protocol FlowTable: Sendable {
    /// Calls `body` with each flow of a family that is of one of the kinds.
    ///
    /// The table changes meanwhile, so a flow may be missing, or come twice.
    ///
    /// - Throws: ``FlowTableFailure``; `body` may have been called before.
    func visitFlows(
        _ family: IPFamily, _ kinds: Set<FlowKind>, _ body: (Flow) -> Void
    ) throws(FlowTableFailure) -> FlowListing

    /// Deletes flows of one family, each only if it is still the one that was listed.
    ///
    /// - Throws: ``FlowTableFailure`` if nothing could be tried; what the kernel answers about one flow is in the result.
    func delete(_ flows: [Flow], _ family: IPFamily) throws(FlowTableFailure) -> FlowDeletion
}

/// How a listing of flows ended.
package enum FlowListing: Sendable, Hashable {
    /// With the last flow.
    case complete
    /// Too early, or the table was rebuilt meanwhile; many flows may be missing.
    case interrupted
}

/// What became of flows that were to be deleted.
package struct FlowDeletion: Sendable, Hashable {
    /// How many were deleted.
    package var deleted = 0
    /// Those that the kernel did not find: gone already, or replaced by a new flow with the same addresses, which stays.
    package var notFound: [Flow] = []
    /// How many the kernel would not delete.
    package var refused = 0
    /// The first refusal of the kernel.
    package var firstRefusal: FlowTableFailure?

    package init() {}

    /// How many were gone already, or replaced.
    package var gone: Int { notFound.count }

    package static func += (left: inout FlowDeletion, right: FlowDeletion) {
        left.deleted += right.deleted
        left.notFound += right.notFound
        left.refused += right.refused
        left.firstRefusal = left.firstRefusal ?? right.firstRefusal
    }
}
