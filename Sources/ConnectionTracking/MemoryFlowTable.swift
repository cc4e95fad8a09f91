// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Synchronization
import SystemPackage

/// Flows in memory that behave as the kernel's do, for tests.
package final class MemoryFlowTable: FlowTable {
    private struct State {
        var flows: [Flow]
        var interruptions = 0
        var listings = 0
        var listFailure: Errno?
        var deleteFailures: [UInt32: Errno] = [:]
        var beforeDeletion: (@Sendable (inout [Flow]) -> Void)?
    }

    private let state: Mutex<State>

    package init(_ flows: [Flow] = []) { state = Mutex(State(flows: flows)) }

    package var flows: [Flow] { state.withLock { $0.flows } }

    /// Lets a flow begin.
    package func add(_ flow: Flow) { state.withLock { $0.flows.append(flow) } }

    /// How often they were listed.
    package var listingCount: Int { state.withLock { $0.listings } }

    /// Lets the next listings end in the middle.
    package func interruptListings(_ count: Int) { state.withLock { $0.interruptions = count } }

    /// Lets every listing fail; `nil` lets them succeed again.
    package func failListings(_ error: Errno?) { state.withLock { $0.listFailure = error } }

    /// Lets the deletion of a flow fail; with `ENOENT`, as the kernel does that does not find a flow.
    package func failDeletion(of flow: Flow, _ error: Errno) {
        state.withLock { $0.deleteFailures[flow.identifier] = error }
    }

    /// Changes the flows once, between listing and deletion.
    package func changeBeforeDeletion(_ change: @escaping @Sendable (inout [Flow]) -> Void) {
        state.withLock { $0.beforeDeletion = change }
    }

    package func visitFlows(
        _ family: IPFamily, _ kinds: Set<FlowKind>, _ body: (Flow) -> Void
    ) throws(FlowTableFailure) -> FlowListing {
        let (flows, isInterrupted, failure) = state.withLock { state in
            state.listings += 1
            let isInterrupted = state.interruptions > 0
            if isInterrupted { state.interruptions -= 1 }
            let flows = state.flows.filter { $0.family == family && $0.isAny(of: kinds) }
            return (isInterrupted ? Array(flows.prefix(flows.count / 2)) : flows, isInterrupted, state.listFailure)
        }
        if let failure { throw FlowTableFailure(.list, family, failure) }
        flows.forEach(body)
        return isInterrupted ? .interrupted : .complete
    }

    package func delete(_ flows: [Flow], _ family: IPFamily) throws(FlowTableFailure) -> FlowDeletion {
        state.withLock { state in
            state.beforeDeletion?(&state.flows)
            state.beforeDeletion = nil
            var result = FlowDeletion()
            for flow in flows {
                let error = state.deleteFailures[flow.identifier]
                if error == .noSuchFileOrDirectory {
                    result.notFound.append(flow)
                } else if let error {
                    result.refused += 1
                    result.firstRefusal = result.firstRefusal ?? FlowTableFailure(.delete(flow), family, error)
                } else if let index = state.flows.firstIndex(of: flow) {
                    state.flows.remove(at: index)
                    result.deleted += 1
                } else {
                    result.notFound.append(flow)
                }
            }
            return result
        }
    }
}
