// SPDX-License-Identifier: Apache-2.0

import Inspection
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// What service ports have counted at the last two readings, for rates.
struct TrafficRates: Sendable {
    private struct Totals {
        let instant: ContinuousClock.Instant
        let ports: [ServicePortName: Count]
    }

    private struct Count {
        let connections: UInt64
        let refused: UInt64
    }

    private var latest: Totals?
    private var previous: Totals?

    /// Readings that are closer than this count as one: a rate over less would be noise.
    private static let shortestSpan = Duration.milliseconds(500)

    /// Takes note of a reading.
    mutating func note(_ ledger: TrafficLedger, at instant: ContinuousClock.Instant) {
        if let latest, instant - latest.instant >= Self.shortestSpan { previous = latest }
        latest = Totals(
            instant: instant,
            ports: ledger.ports.mapValues { Count(connections: $0.total.packets, refused: $0.refusedPackets) })
    }

    /// Connections and refused packets per second; `nil` before the second reading.
    func rates(of name: ServicePortName) -> (connections: Double, refused: Double)? {
        guard let latest, let previous else { return nil }
        let seconds = (latest.instant - previous.instant) / .seconds(1)
        guard seconds > 0 else { return nil }
        let (new, old) = (latest.ports[name], previous.ports[name])
        func rate(_ count: KeyPath<Count, UInt64>) -> Double {
            let (new, old) = (new?[keyPath: count] ?? 0, old?[keyPath: count] ?? 0)
            // A service port that came back began again.
            return Double(new >= old ? new - old : new) / seconds
        }
        return (rate(\.connections), rate(\.refused))
    }
}

extension PortTraffic {
    /// Packets rejected or dropped, for any reason.
    var refusedPackets: UInt64 { refused.values.reduce(0) { $0 &+ $1.total.packets } }
}

extension FamilyTraffic.Snapshot: CountedTraffic {
    package func counts(of servicePort: ServicePortName) -> TrafficCounts? {
        guard lastTime != nil else { return nil }
        let traffic = ledger.ports[servicePort]
        let rates = rates.rates(of: servicePort)
        return TrafficCounts(
            connections: traffic?.total.packets ?? 0, refusedPackets: traffic?.refusedPackets ?? 0,
            connectionsPerSecond: rates?.connections, refusedPerSecond: rates?.refused)
    }

    package func connections(of servicePort: ServicePortName, to endpoints: [AddressPort]) -> [UInt64]? {
        guard lastTime != nil else { return nil }
        let traffic = ledger.ports[servicePort]
        return endpoints.map { traffic?.connections(to: $0) ?? 0 }
    }

    package var measurement: TrafficMeasurement? {
        lastTime.map { TrafficMeasurement(time: $0, seconds: window?.intervalSeconds) }
    }

    package func rates(of servicePort: ServicePortName) -> MeasuredPort? { window?.rates(of: servicePort) }

    package func endpoints(of servicePort: ServicePortName, _ endpoints: [AddressPort]) -> MeasuredEndpoints? {
        window?.endpoints(of: servicePort, endpoints)
    }
}
