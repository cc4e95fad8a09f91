import Glibc
import NetworkTypes
import Synchronization

/// Flows in memory that behave as the kernel's do, for tests.
public final class MemoryFlowTable: FlowTable {
    private struct State {
        var flows: [Flow]
        var interruptions = 0
        var listings = 0
        var listFailure: Int32?
        var deleteFailures: [UInt32: Int32] = [:]
        var beforeDeletion: (@Sendable (inout [Flow]) -> Void)?
    }

    private let state: Mutex<State>

    /// Makes a table of flows.
    public init(_ flows: [Flow] = []) { state = Mutex(State(flows: flows)) }

    /// The flows that are there.
    public var flows: [Flow] { state.withLock { $0.flows } }

    /// How often they were listed.
    public var listingCount: Int { state.withLock { $0.listings } }

    /// Lets the next listings end in the middle.
    public func interruptListings(_ count: Int) { state.withLock { $0.interruptions = count } }

    /// Lets every listing fail; `nil` lets them succeed again.
    public func failListings(_ errorNumber: Int32?) { state.withLock { $0.listFailure = errorNumber } }

    /// Lets the deletion of a flow fail.
    public func failDeletion(of flow: Flow, _ errorNumber: Int32) {
        state.withLock { $0.deleteFailures[flow.identifier] = errorNumber }
    }

    /// Changes the flows once, between listing and deletion.
    public func changeBeforeDeletion(_ change: @escaping @Sendable (inout [Flow]) -> Void) {
        state.withLock { $0.beforeDeletion = change }
    }

    /// Lists the flows of a family and a transport protocol.
    public func visitFlows(
        _ family: IPFamily, _ transport: TransportProtocol, _ body: (Flow) -> Void
    ) throws(FlowTableFailure) -> FlowListing {
        let (flows, isInterrupted, failure) = state.withLock { state in
            state.listings += 1
            let isInterrupted = state.interruptions > 0
            if isInterrupted { state.interruptions -= 1 }
            let flows = state.flows.filter { $0.family == family && $0.transport == transport }
            return (isInterrupted ? Array(flows.prefix(flows.count / 2)) : flows, isInterrupted, state.listFailure)
        }
        if let failure { throw FlowTableFailure(.list, family, errorNumber: failure) }
        flows.forEach(body)
        return isInterrupted ? .interrupted : .complete
    }

    /// Deletes flows.
    public func delete(_ flows: [Flow], _ family: IPFamily) throws(FlowTableFailure) -> FlowDeletion {
        state.withLock { state in
            state.beforeDeletion?(&state.flows)
            state.beforeDeletion = nil
            var result = FlowDeletion()
            for flow in flows {
                if let number = state.deleteFailures[flow.identifier] {
                    result.refused += 1
                    result.firstRefusal =
                        result.firstRefusal ?? FlowTableFailure(.delete(flow), family, errorNumber: number)
                } else if let index = state.flows.firstIndex(of: flow) {
                    state.flows.remove(at: index)
                    result.deleted += 1
                } else {
                    result.gone += 1
                }
            }
            return result
        }
    }
}
