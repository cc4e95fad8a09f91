// SPDX-License-Identifier: Apache-2.0

import Inspection
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Readings of the counters of one family over the last minute, for rates and shares; kept only while a client measures.
///
/// Shares are compared with those of the rules, so they are counted over a window in which a port's endpoints have not changed.
/// Of the readings in it only four are kept: the last two, and two where windows begin, half a minute apart.
struct TrafficWindow: Sendable {
    private struct Reading {
        let instant: ContinuousClock.Instant
        let ports: [ServicePortName: PortTraffic]
    }

    /// Where the window of a port begins.
    private struct Start {
        let instant: ContinuousClock.Instant
        let traffic: PortTraffic?
    }

    private var latest: Reading?
    private var previous: Reading?
    /// Where windows begin, and where they will begin when that is too long ago.
    private var beginning: Reading?
    private var nextBeginning: Reading?
    /// The ports whose endpoints have changed since ``beginning``.
    private var restarts: [ServicePortName: Start] = [:]
    /// The ports whose endpoints have changed since the last reading.
    private var changed: Set<ServicePortName> = []

    /// Readings that are closer than this count as one: a rate over less would be noise.
    private static let shortestSpan = Duration.milliseconds(500)
    /// A window is at least this long, once there are enough readings, and at most twice as long.
    private static let span = Duration.seconds(30)

    /// Takes note of a reading.
    mutating func note(_ ledger: TrafficLedger, at instant: ContinuousClock.Instant) {
        let reading = Reading(instant: instant, ports: ledger.ports)
        if let latest, instant - latest.instant >= Self.shortestSpan { previous = latest }
        latest = reading
        moveBeginning(to: reading)
        for name in changed { restarts[name] = Start(instant: instant, traffic: ledger.ports[name]) }
        changed = []
        if let beginning { restarts = restarts.filter { $0.value.instant > beginning.instant } }
    }

    private mutating func moveBeginning(to reading: Reading) {
        guard let last = nextBeginning ?? beginning else {
            beginning = reading
            return
        }
        guard reading.instant - last.instant >= Self.span else { return }
        if let nextBeginning { beginning = nextBeginning }
        nextBeginning = reading
    }

    /// Takes note of other rules: the windows of ports whose endpoints are others now begin again.
    mutating func note(_ change: Compilation, after old: Compilation?) {
        let old = old?.servicePorts ?? []
        var index = 0
        // Both lists are in the order of the names, and parts that did not change are shared: comparing them is quick.
        for port in change.servicePorts {
            while index < old.count, old[index].name < port.name { index += 1 }
            let isSame = index < old.count && old[index].name == port.name && old[index].drawsAs(port)
            if !isSame { changed.insert(port.name) }
        }
    }

    // MARK: Rates and shares

    /// The time between the last two readings, in seconds; `nil` before the second one.
    var intervalSeconds: Double? {
        guard let latest, let previous else { return nil }
        return (latest.instant - previous.instant) / .seconds(1)
    }

    /// The rates of a port between the last two readings; `nil` before the second one.
    func rates(of name: ServicePortName) -> MeasuredPort? {
        guard let latest, let previous, let seconds = intervalSeconds else { return nil }
        let (now, before) = (latest.ports[name], previous.ports[name])
        var measured = MeasuredPort(
            connectionsPerSecond: Self.rate(now?.total.packets, before?.total.packets, seconds))
        for reason in RefusalReason.allCases {
            let refused = Self.rate(
                now?.refused[reason]?.total.packets, before?.refused[reason]?.total.packets, seconds)
            if refused > 0 { measured.refusedPerSecond[reason] = refused }
        }
        return measured
    }

    /// The rates of endpoints, and what they have got within the port's window; `nil` before its second reading.
    func endpoints(of name: ServicePortName, _ endpoints: [AddressPort]) -> MeasuredEndpoints? {
        guard let latest, let previous, let beginning, let seconds = intervalSeconds, !changed.contains(name) else {
            return nil
        }
        let start = restarts[name] ?? Start(instant: beginning.instant, traffic: beginning.ports[name])
        guard latest.instant > start.instant else { return nil }
        let (now, before) = (latest.ports[name], previous.ports[name])
        return MeasuredEndpoints(
            connectionsPerSecond: endpoints.map {
                Self.rate(now?.connections(to: $0), before?.connections(to: $0), seconds)
            },
            connections: endpoints.map { Self.increase(now?.connections(to: $0), start.traffic?.connections(to: $0)) },
            seconds: (latest.instant - start.instant) / .seconds(1))
    }

    private static func rate(_ new: UInt64?, _ old: UInt64?, _ seconds: Double) -> Double {
        seconds > 0 ? Double(increase(new, old)) / seconds : 0
    }

    /// What was added; a sum that is lower than before began again.
    private static func increase(_ new: UInt64?, _ old: UInt64?) -> UInt64 {
        let (new, old) = (new ?? 0, old ?? 0)
        return new >= old ? new - old : new
    }
}

extension CompiledServicePort {
    /// Whether connections are drawn from the same endpoints, in the same way.
    fileprivate func drawsAs(_ other: CompiledServicePort) -> Bool {
        selection.endpoints == other.selection.endpoints
            && selection.clusterVerdicts == other.selection.clusterVerdicts
            && selection.localVerdicts == other.selection.localVerdicts
            && servicePort.sessionAffinity == other.servicePort.sessionAffinity
    }
}
