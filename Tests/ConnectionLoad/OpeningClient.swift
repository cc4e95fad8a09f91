// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A client that opens connections at a rate, whatever becomes of those before.
struct OpeningClient {
    private typealias Instant = ContinuousClock.Instant

    private struct Connection {
        let descriptor: Int32
        let begun: Instant
        /// Whether it has been opened, and its request sent.
        var isOpen = false
        var answer = ""
    }

    /// What became of connections.
    private enum Outcome: String, CaseIterable {
        /// It was opened and answered.
        case answered
        /// It was opened, and then there was no answer: the server ended in between.
        case interrupted
        /// It was refused, or nobody answered as long as it waited.
        case unopened
    }

    private static let pauseInMicroseconds: UInt32 = 2000
    /// Whoever takes longer has had to repeat its first packet, which happens after a second (RFC 6298).
    private static let slowness = Duration.milliseconds(500)

    private let destination: Destination
    private let rate: Double
    private let patience: Duration
    private var connections: [Connection] = []
    private var outcomes: [Outcome: Int] = [:]
    private var names: [String: Int] = [:]
    private var slow = 0
    private var slowest = Duration.zero

    init(to destination: Destination, rate: Double, patience: Duration) {
        self.destination = destination
        self.rate = rate
        self.patience = patience
    }

    /// Opens connections for so many seconds, and prints what became of them.
    mutating func run(for seconds: Double) {
        let start = ContinuousClock.now
        let total = Int(rate * seconds)
        var begun = 0
        while begun < total || !connections.isEmpty {
            let due = min(total, 1 + Int((ContinuousClock.now - start) / .seconds(1) * rate))
            while begun < due {
                begin()
                begun += 1
            }
            serve()
        }
        printOutcomes()
    }

    private mutating func begin() {
        let now = ContinuousClock.now
        if let descriptor = destination.connect(waits: false) {
            connections.append(Connection(descriptor: descriptor, begun: now))
        } else {
            outcomes[.unopened, default: 0] += 1
        }
    }

    /// Waits for a moment, and goes on with the connections for which something has happened, or that have waited enough.
    private mutating func serve() {
        var waiting = connections.map {
            pollfd(fd: $0.descriptor, events: Int16($0.isOpen ? POLLIN : POLLOUT), revents: 0)
        }
        // What was begun together is looked at together, so that many connections that wait cost little.
        usleep(Self.pauseInMicroseconds)
        poll(&waiting, nfds_t(waiting.count), 0)
        let now = ContinuousClock.now
        var left: [Connection] = []
        for (var connection, state) in zip(connections, waiting) {
            var outcome = state.revents == 0 ? nil : proceed(&connection)
            if outcome == nil, now - connection.begun > patience {
                outcome = connection.isOpen ? .interrupted : .unopened
            }
            guard let outcome else {
                left.append(connection)
                continue
            }
            finish(connection, outcome, now)
        }
        connections = left
    }

    /// What has become of a connection for which something has happened; `nil` if it goes on.
    private func proceed(_ connection: inout Connection) -> Outcome? {
        guard connection.isOpen else {
            var (error, length): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
            getsockopt(connection.descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
            guard error == 0 else { return .unopened }
            connection.isOpen = true
            return connection.descriptor.sendText(Exchange.request(keepsOpen: false)) ? nil : .interrupted
        }
        guard let more = connection.descriptor.receiveText() else { return .interrupted }
        connection.answer += more
        // The server ends the connection first, so that the port is free again at once here.
        guard more.isEmpty else { return nil }
        return Exchange.name(in: connection.answer) == nil ? .interrupted : .answered
    }

    private mutating func finish(_ connection: Connection, _ outcome: Outcome, _ now: Instant) {
        close(connection.descriptor)
        outcomes[outcome, default: 0] += 1
        guard outcome == .answered else { return }
        let time = now - connection.begun
        slowest = max(slowest, time)
        if time > Self.slowness { slow += 1 }
        names[Exchange.name(in: connection.answer) ?? "", default: 0] += 1
    }

    private func printOutcomes() {
        for outcome in Outcome.allCases { print("\(outcome.rawValue) \(outcomes[outcome] ?? 0)") }
        print("slow \(slow)")
        print("slowest \(slowest / .milliseconds(1))")
        for (name, count) in names.sorted(by: { $0.key < $1.key }) { print("from \(name) \(count)") }
    }
}
