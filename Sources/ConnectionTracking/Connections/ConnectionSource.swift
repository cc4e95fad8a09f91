// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// TCP connections as they begin: the kernel's (``NetlinkConnections``), or some in memory (``MemoryConnections``) for tests.
package protocol ConnectionSource: Sendable {
    /// Begins to follow connections of both families; costs time for each connection until the listener is released.
    ///
    /// - Throws: ``FlowTableFailure``
    func listen() throws(FlowTableFailure) -> any ConnectionListener

    /// The connections of a family that wait for an answer now; some may be missing, or come twice.
    ///
    /// - Throws: ``FlowTableFailure``
    func unanswered(_ family: IPFamily) throws(FlowTableFailure) -> [Flow]

    /// Reads what became of connections, and deletes of those that still wait for an answer the ones that are to be.
    ///
    /// A flow is deleted right after it was read: that an answer comes in the microseconds between, which would break the
    /// connection, is as good as ruled out for one that has waited for most of a second.
    ///
    /// - Throws: ``FlowTableFailure`` if the kernel cannot be asked at all.
    func check(_ connections: [ConnectionCheck], _ family: IPFamily) throws(FlowTableFailure) -> [ConnectionOutcome]
}

/// Receives the events of connections; used by one thread at a time, but for ``wake()``.
package protocol ConnectionListener: AnyObject, Sendable {
    /// Waits for events and gives back all there are; an empty batch when `deadline` has passed, or after ``wake()``.
    ///
    /// Blocks. Events are gathered for some milliseconds: to be woken for each one would cost more than the rest.
    ///
    /// - Throws: ``FlowTableFailure`` if the kernel cannot be asked any more; another listener is needed then.
    func receive(until deadline: ContinuousClock.Instant) throws(FlowTableFailure) -> ConnectionBatch

    /// Ends the waiting, or the next one if nobody waits; from any thread.
    func wake()
}

/// A connection to look at again.
package struct ConnectionCheck: Sendable, Hashable {
    package var flow: Flow
    /// Whether its flow is deleted if it still waits for an answer, so that its client's next packet is balanced again.
    package var deletesUnanswered: Bool

    package init(_ flow: Flow, deletesUnanswered: Bool) {
        self.flow = flow
        self.deletesUnanswered = deletesUnanswered
    }
}

/// What became of a connection that was looked at again.
package enum ConnectionOutcome: Sendable, Hashable {
    /// What it waits for.
    case found(ConnectionPhase)
    /// It waited for an answer, and its flow is deleted.
    case deleted
    /// The kernel would not read or delete its flow.
    case refused(FlowTableFailure)
}
