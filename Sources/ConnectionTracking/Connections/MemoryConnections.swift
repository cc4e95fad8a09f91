// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import Synchronization
import SystemPackage

/// Connections in memory that behave as the kernel's do, for tests.
package final class MemoryConnections: ConnectionSource {
    fileprivate struct State {
        var waiting: [Flow] = []
        var answered: [Flow] = []
        var deleted: [Flow] = []
        var batch = ConnectionBatch(since: .now)
        var listeners = 0
        var listenings = 0
        var listings = 0
        var wakings = 0
        var failure: Errno?
    }

    private let state = Mutex(State())

    package init() {}

    /// How many listeners there are.
    package var listenerCount: Int { state.withLock(\.listeners) }
    /// How many there have been.
    package var listeningCount: Int { state.withLock(\.listenings) }
    /// How often the connections that wait were listed.
    package var listingCount: Int { state.withLock(\.listings) }
    /// The flows that were deleted.
    package var deleted: [Flow] { state.withLock(\.deleted) }
    /// The flows that wait for an answer.
    package var waiting: [Flow] { state.withLock(\.waiting) }

    /// Lets a connection begin; silently if its event is lost.
    package func begin(_ flow: Flow, isReported: Bool = true) {
        state.withLock { state in
            state.waiting.removeAll { $0.original == flow.original }
            state.waiting.append(flow)
            state.report(.began(flow), isReported)
        }
    }

    /// Lets the endpoint answer.
    package func answer(_ flow: Flow, isReported: Bool = true) {
        state.withLock { state in
            state.waiting.removeAll { $0.isSameEntry(as: flow) }
            state.answered.append(flow)
            state.report(.answered(flow), isReported)
        }
    }

    /// Lets the endpoint refuse.
    package func refuse(_ flow: Flow, isReported: Bool = true) {
        state.withLock { state in
            state.waiting.removeAll { $0.isSameEntry(as: flow) }
            state.report(.refused(flow), isReported)
        }
    }

    /// Lets the next batch miss events.
    package func overrun() { state.withLock { $0.batch.isIncomplete = true } }

    /// Lets everything fail; `nil` lets it succeed again.
    package func fail(_ error: Errno?) { state.withLock { $0.failure = error } }

    package func listen() throws(FlowTableFailure) -> any ConnectionListener {
        try checkFailure(.follow, .ipv4)
        return Listener(self)
    }

    package func unanswered(_ family: IPFamily) throws(FlowTableFailure) -> [Flow] {
        try checkFailure(.list, family)
        return state.withLock { state in
            state.listings += 1
            return state.waiting.filter { $0.family == family }
        }
    }

    package func check(
        _ connections: [ConnectionCheck], _ family: IPFamily
    ) throws(FlowTableFailure) -> [ConnectionOutcome] {
        state.withLock { state in connections.map { state.check($0) } }
    }

    private func checkFailure(_ operation: FlowTableFailure.Operation, _ family: IPFamily) throws(FlowTableFailure) {
        if let error = state.withLock(\.failure) { throw FlowTableFailure(operation, family, error) }
    }

    private final class Listener: ConnectionListener {
        private let connections: MemoryConnections

        init(_ connections: MemoryConnections) {
            self.connections = connections
            connections.state.withLock { state in
                state.listeners += 1
                state.listenings += 1
            }
        }

        deinit { connections.state.withLock { $0.listeners -= 1 } }

        func receive(until deadline: ContinuousClock.Instant) throws(FlowTableFailure) -> ConnectionBatch {
            while true {
                try connections.checkFailure(.follow, .ipv4)
                let batch = connections.state.withLock { $0.takeBatch() }
                if let batch { return batch }
                guard ContinuousClock.now < deadline else { return ConnectionBatch(since: .now) }
                usleep(1000)
            }
        }

        func wake() { connections.state.withLock { $0.wakings += 1 } }
    }
}

extension MemoryConnections.State {
    fileprivate mutating func report(_ event: ConnectionEvent, _ isReported: Bool) {
        if isReported, listeners > 0 { batch.events.append(event) }
    }

    /// What there is to be given back; `nil` if the wait goes on.
    fileprivate mutating func takeBatch() -> ConnectionBatch? {
        guard !batch.events.isEmpty || batch.isIncomplete || wakings > 0 else { return nil }
        defer { (batch, wakings) = (ConnectionBatch(since: .now), 0) }
        return batch
    }

    fileprivate mutating func check(_ connection: ConnectionCheck) -> ConnectionOutcome {
        let flow = connection.flow
        guard let index = waiting.firstIndex(where: { $0.isSameEntry(as: flow) }) else {
            return .found(answered.contains { $0.isSameEntry(as: flow) } ? .answered : .gone)
        }
        guard connection.deletesUnanswered else { return .found(.unanswered) }
        deleted.append(waiting.remove(at: index))
        return .deleted
    }
}
