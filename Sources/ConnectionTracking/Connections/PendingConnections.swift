// SPDX-License-Identifier: Apache-2.0

import ServiceModel

/// The connections to endpoints that nothing has answered yet: a value, so that time can be tested without waiting.
package struct PendingConnections: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How many connections are remembered at a time (about 20 MB); those that begin beyond that are passed over.
    package static let defaultCapacity = 100_000

    /// A connection that waits for an answer.
    package struct Connection: Sendable, Hashable {
        package let flow: Flow
        /// The service port that it was sent to.
        package let servicePort: ServicePortName

        package init(_ flow: Flow, of servicePort: ServicePortName) {
            self.flow = flow
            self.servicePort = servicePort
        }
    }

    private struct Entry: Sendable {
        let connection: Connection
        let turn: UInt64
    }

    /// A place in the order of time; the connection may have been answered meanwhile, or have begun anew.
    private struct Turn: Sendable {
        let number: UInt64
        let key: FlowKey
        let since: Instant
    }

    /// How long a connection can wait until it is due.
    package var timeout: Duration
    private let capacity: Int
    private var entries: [FlowKey: Entry] = [:]
    /// Ordered by time, since all wait for the same time.
    private var turns: [Turn] = []
    /// The first of ``turns`` that counts.
    private var head = 0
    private var lastTurn: UInt64 = 0
    /// How many connections were passed over, because too many were waiting.
    package private(set) var passedOver = 0

    package init(timeout: Duration, capacity: Int = defaultCapacity) {
        self.timeout = timeout
        self.capacity = capacity
    }

    /// How many connections wait.
    package var count: Int { entries.count }

    /// Whether a connection of these addresses waits.
    package func contains(_ flow: Flow) -> Bool { entries[FlowKey(flow)] != nil }

    /// A connection has begun; if one of the same addresses was waiting, it has taken its place.
    package mutating func begin(_ connection: Connection, at now: Instant) {
        let key = FlowKey(connection.flow)
        guard entries[key] != nil || entries.count < capacity else {
            passedOver += 1
            return
        }
        lastTurn += 1
        entries[key] = Entry(connection: connection, turn: lastTurn)
        turns.append(Turn(number: lastTurn, key: key, since: now))
        if turns.count - head > 2 * max(entries.count, Self.slack) { dropSettled() }
    }

    /// A connection waits no longer: it was answered, refused, or its flow was deleted.
    ///
    /// - Returns: the connection, if it was waiting.
    package mutating func settle(_ flow: Flow) -> Connection? {
        let key = FlowKey(flow)
        guard let entry = entries[key], entry.connection.flow.identifier == flow.identifier else { return nil }
        entries[key] = nil
        return entry.connection
    }

    /// Takes out the connections that have waited for too long.
    package mutating func due(at now: Instant) -> [Connection] {
        var due: [Connection] = []
        while head < turns.count, turns[head].since + timeout <= now {
            if let connection = takeFirst() { due.append(connection) }
        }
        if head > Self.slack, head > turns.count / 2 {
            turns.removeFirst(head)
            head = 0
        }
        return due
    }

    /// When a connection will be due, if none is answered; it can come too early, but not too late.
    package var nextDue: Instant? { head < turns.count && !entries.isEmpty ? turns[head].since + timeout : nil }

    /// Forgets all connections.
    package mutating func removeAll() {
        entries = [:]
        turns = []
        head = 0
    }

    private mutating func takeFirst() -> Connection? {
        let turn = turns[head]
        head += 1
        guard let entry = entries[turn.key], entry.turn == turn.number else { return nil }
        entries[turn.key] = nil
        return entry.connection
    }

    private mutating func dropSettled() {
        turns = turns[head...].filter { entries[$0.key]?.turn == $0.number }
        head = 0
    }

    /// So many places that no longer count do not matter.
    private static let slack = 1024
}

/// What the kernel distinguishes the flows of a time by.
private struct FlowKey: Hashable, Sendable {
    let original: Flow.Direction
    let zone: FlowZone

    init(_ flow: Flow) {
        original = flow.original
        zone = flow.zone
    }
}
