// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import ServiceModel

/// Follows the connections to service ports whose endpoints are judged, of all families: which are answered and which fail.
///
/// As long as there is no such service port, the kernel is not asked for anything.
actor ConnectionWatch {
    /// What became of a connection.
    struct Report: Sendable, Hashable {
        let servicePort: ServicePortName
        let endpoint: AddressPort
        let outcome: EndpointLedger.Outcome
        /// Whether its flow was deleted, so that its client's next packet is balanced again.
        var isReleased = false
    }

    typealias Delivery = @Sendable (IPFamily, [Report]) async -> Void
    /// Of which unanswered connections the flows are deleted, so that they are balanced again.
    typealias Permission = @Sendable (IPFamily, [PendingConnections.Connection]) async -> [Bool]

    private let source: any ConnectionSource
    private let observer: any ProxyObserver
    private let queue = BlockingQueue(label: "kubetables.connections")
    private let alarm = Alarm()
    private let clock = ContinuousClock()
    private var frontEnds: [IPFamily: WatchedFrontEnds] = [:]
    private var pending = PendingConnections(timeout: FailurePolicy.default.answerTimeout)
    private var listener: (any ConnectionListener)?
    private var reportedFailure: FlowTableFailure?

    init(_ source: any ConnectionSource, observer: any ProxyObserver) {
        self.source = source
        self.observer = observer
    }

    // MARK: What is followed

    /// Takes over how long a connection can be without an answer until it counts as unanswered.
    func setAnswerTimeout(_ timeout: Duration) {
        pending.timeout = timeout
        listener?.wake()
    }

    /// Takes over all that is followed of a family.
    func replace(
        _ family: IPFamily, _ services: [ServiceName: [ServicePortEndpoints]], nodePortAddresses: Set<IPAddress>
    ) async {
        var new = WatchedFrontEnds()
        new.nodePortAddresses = nodePortAddresses
        for (service, entries) in services { new.update(service, entries) }
        frontEnds[family] = new
        await reconsider()
    }

    /// Takes over what is followed of some Services; of a Service that is not to be followed any more, nothing.
    func update(_ family: IPFamily, _ services: [ServiceName: [ServicePortEndpoints]]) async {
        for (service, entries) in services {
            frontEnds[family, default: WatchedFrontEnds()].update(service, entries)
        }
        await reconsider()
    }

    /// Takes over the addresses of this node on which node ports answer.
    func setNodePortAddresses(_ family: IPFamily, _ addresses: Set<IPAddress>) {
        frontEnds[family]?.nodePortAddresses = addresses
    }

    private var isNeeded: Bool { frontEnds.values.contains { !$0.isEmpty } }

    private func reconsider() async {
        if isNeeded != (listener != nil) {
            listener?.wake()
            await alarm.ring()
        }
    }

    // MARK: Following

    /// How long a wait lasts at most, when nothing happens.
    private static let longestWait = Duration.seconds(3600)
    /// The time until the kernel is asked again after it has refused.
    private static let retryDelay = Duration.seconds(10)

    /// Follows connections until the task is cancelled.
    ///
    /// - Parameters:
    ///   - mayRelease: asked for connections that have waited for too long.
    ///   - deliver: gets what became of connections.
    func run(mayRelease: Permission, _ deliver: Delivery) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                if isNeeded {
                    await follow(mayRelease, deliver)
                } else {
                    listener = nil
                    pending.removeAll()
                    report(nil)
                    await alarm.sleep(until: clock.now + Self.longestWait)
                }
            }
        } onCancel: {
            Task { await self.wake() }
        }
        listener = nil
    }

    private func wake() { listener?.wake() }

    /// Reports that connections cannot be followed, or that nothing is in the way any longer; once.
    private func report(_ failure: FlowTableFailure?) {
        if failure != reportedFailure { observer.observe(.connectionsNotFollowed(failure)) }
        reportedFailure = failure
    }

    private func follow(_ mayRelease: Permission, _ deliver: Delivery) async {
        do {
            let listener = try await listening()
            // While the listener was made, the last Service may have lost what it was for.
            guard isNeeded else { return }
            let deadline = min(pending.nextDue ?? .now + Self.longestWait, .now + Self.longestWait)
            let batch = try await queue.run {
                Result { () throws(FlowTableFailure) in try listener.receive(until: deadline) }
            }.get()
            var reports = ReportCollection()
            for event in batch.events { take(event, since: batch.since, &reports) }
            if batch.isIncomplete {
                observer.observe(.connectionEventsLost)
                try await takeUnanswered()
            }
            try await checkDue(mayRelease, &reports)
            for (family, reports) in reports.byFamily { await deliver(family, reports) }
        } catch let failure as FlowTableFailure {
            listener = nil
            report(failure)
            await alarm.sleep(until: clock.now + Self.retryDelay)
        } catch {
            preconditionFailure("connections fail with FlowTableFailure alone: \(error)")
        }
    }

    /// The listener, a new one if there is none; it knows of connections from now on, so those that wait already are listed.
    private func listening() async throws -> any ConnectionListener {
        if let listener { return listener }
        let source = source
        let new = try await queue.run { Result { () throws(FlowTableFailure) in try source.listen() } }.get()
        listener = new
        try await takeUnanswered()
        report(nil)
        return new
    }

    private func takeUnanswered() async throws {
        let source = source
        for family in frontEnds.keys where frontEnds[family]?.isEmpty == false {
            let flows = try await queue.run {
                Result { () throws(FlowTableFailure) in try source.unanswered(family) }
            }.get()
            for flow in flows where !pending.contains(flow) { begin(flow, at: clock.now) }
        }
    }

    private func begin(_ flow: Flow, at time: ContinuousClock.Instant) {
        guard let servicePort = frontEnds[flow.family]?.servicePort(of: flow) else { return }
        pending.begin(.init(flow, of: servicePort), at: time)
    }

    private func take(_ event: ConnectionEvent, since time: ContinuousClock.Instant, _ reports: inout ReportCollection)
    {
        switch event {
        case .began(let flow): begin(flow, at: time)
        case .answered(let flow): answered(flow, &reports)
        case .refused(let flow): if let known = pending.settle(flow) { reports.add(known, .failed(.refused)) }
        case .deleted(let flow): _ = pending.settle(flow)
        }
    }

    /// An answer that comes late counts as well: the endpoint is slow, and not dead.
    private func answered(_ flow: Flow, _ reports: inout ReportCollection) {
        if let known = pending.settle(flow) {
            reports.add(known, .answered)
        } else if let servicePort = frontEnds[flow.family]?.servicePort(of: flow) {
            reports.add(.init(flow, of: servicePort), .answered)
        }
    }

    /// Looks again at the connections that have waited for too long: events can be late, or be lost.
    private func checkDue(_ mayRelease: Permission, _ reports: inout ReportCollection) async throws {
        let due = pending.due(at: clock.now)
        guard !due.isEmpty else { return }
        let source = source
        for (family, connections) in Dictionary(grouping: due, by: \.flow.family) {
            let permissions = await mayRelease(family, connections)
            let checks = zip(connections, permissions).map { ConnectionCheck($0.flow, deletesUnanswered: $1) }
            let outcomes = try await queue.run {
                Result { () throws(FlowTableFailure) in try source.check(checks, family) }
            }.get()
            for (connection, outcome) in zip(connections, outcomes) { reports.add(connection, outcome) }
        }
    }
}

/// Reports of a time, without repetitions of what changes nothing: thousands of answers of one endpoint are one.
private struct ReportCollection {
    private(set) var byFamily: [IPFamily: [ConnectionWatch.Report]] = [:]
    /// The endpoints whose last report is an answer, with a service port that it was for.
    private var answering: [AddressPort: ServicePortName] = [:]

    mutating func add(
        _ connection: PendingConnections.Connection, _ outcome: EndpointLedger.Outcome, isReleased: Bool = false
    ) {
        let (servicePort, endpoint) = (connection.servicePort, connection.flow.reply.source)
        if outcome == .answered {
            guard answering[endpoint] != servicePort else { return }
            answering[endpoint] = servicePort
        } else {
            answering[endpoint] = nil
        }
        byFamily[connection.flow.family, default: []].append(
            .init(servicePort: servicePort, endpoint: endpoint, outcome: outcome, isReleased: isReleased))
    }

    mutating func add(_ connection: PendingConnections.Connection, _ outcome: ConnectionOutcome) {
        switch outcome {
        case .found(.answered): add(connection, .answered)
        // Its event was lost, so it is unknown what it was.
        case .found(.gone): break
        case .found(.unanswered), .refused: add(connection, .failed(.unanswered))
        case .deleted: add(connection, .failed(.unanswered), isReleased: true)
        }
    }
}
