// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// How the endpoints of one family have done lately, and which of them get no connections for a time: a value, so that time
/// can be tested without waiting.
///
/// Two measures, each of them for the service ports that have it on:
/// - An endpoint that has just failed is *avoided* (``FailurePolicy/avoidanceTime``), so that a connection that is balanced
///   again does not come to it again. Each further failure prolongs that.
/// - An endpoint that has failed several times in a row is *ejected*, as Envoy's `outlier_detection` does it
///   (consecutive_gateway_failure of envoy.config.cluster.v3.OutlierDetection): for the base time times the number of its
///   ejections, which falls by one for each base time that it has not been ejected.
///
/// An endpoint is judged for each service port on its own. Nothing is remembered of endpoints that no longer exist, and nothing
/// of one that has done well for a while, so that the memory is that of the endpoints that fail.
struct EndpointLedger: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What became of a connection.
    enum Outcome: Sendable, Hashable {
        case answered
        case failed(ConnectionFailure)
    }

    /// What has changed for an endpoint.
    enum Change: Sendable, Hashable {
        /// It is avoided from now on.
        case avoided(ConnectionFailure)
        /// It is ejected for so long, after so many failures in a row.
        case ejected(failures: Int, ConnectionFailure, Duration)
        /// It gets connections again.
        case returned(wasEjected: Bool)
    }

    /// A change, and whose.
    struct Entry: Sendable, Hashable {
        let servicePort: ServicePortName
        let endpoint: AddressPort
        let change: Change
    }

    /// The numbers that endpoints are judged by.
    var policy: FailurePolicy
    private var ports: [ServicePortName: Port] = [:]
    /// The service ports of each Service that are judged.
    private var names: [ServiceName: Set<ServicePortName>] = [:]
    /// The service ports with endpoints of which something is remembered, so that time passes for them alone.
    private var remembered: Set<ServicePortName> = []

    init(policy: FailurePolicy = .default) { self.policy = policy }

    /// Whether no service port is judged.
    var isEmpty: Bool { ports.isEmpty }

    /// Takes over the service ports of a Service as they are now.
    ///
    /// Those that have both measures off are forgotten, and so are endpoints that are gone. Costs what the Service costs.
    mutating func update(_ service: ServiceName, _ entries: [ServicePortEndpoints]) {
        var current: Set<ServicePortName> = []
        for entry in entries {
            let measures = Measures(entry.servicePort, policy)
            guard measures.areAny else { continue }
            let name = entry.servicePort.name
            current.insert(name)
            ports[name, default: Port()].update(measures, entry.endpoints)
        }
        for gone in (names[service] ?? []).subtracting(current) {
            ports[gone] = nil
            remembered.remove(gone)
        }
        names[service] = current.isEmpty ? nil : current
    }

    /// Takes over the service ports of all Services; those that are not among them are forgotten.
    mutating func replace(_ entries: [ServicePortEndpoints]) {
        var services: [ServiceName: [ServicePortEndpoints]] = [:]
        for index in entries.indices where Measures(entries[index].servicePort, policy).areAny {
            services[entries[index].servicePort.name.serviceName, default: []].append(entries[index])
        }
        for service in names.keys where services[service] == nil { update(service, []) }
        for (service, entries) in services { update(service, entries) }
    }

    /// Takes note of what became of a connection.
    ///
    /// - Returns: what that changes for the endpoint, if anything.
    mutating func record(
        _ outcome: Outcome, _ servicePort: ServicePortName, _ endpoint: AddressPort, at now: Instant
    ) -> Change? {
        switch outcome {
        case .answered:
            return remembered.contains(servicePort) ? ports[servicePort]?.answer(endpoint) : nil
        case .failed(let failure):
            guard ports[servicePort]?.endpoints.contains(endpoint) == true else { return nil }
            remembered.insert(servicePort)
            return ports[servicePort]?.fail(endpoint, failure, at: now, policy)
        }
    }

    /// Ends what has lasted for its time.
    mutating func expire(at now: Instant) -> [Entry] {
        var entries: [Entry] = []
        for name in remembered.sorted() {
            guard var port = ports.removeValue(forKey: name) else { continue }
            for (endpoint, change) in port.expire(at: now, policy) {
                entries.append(Entry(servicePort: name, endpoint: endpoint, change: change))
            }
            if port.standings.isEmpty { remembered.remove(name) }
            ports[name] = port
        }
        return entries
    }

    /// When the next thing ends; `nil` if nothing is to end.
    var nextExpiry: Instant? {
        remembered.lazy.compactMap { ports[$0]?.standings.values.compactMap(\.nextExpiry).min() }.min()
    }

    /// The endpoints of a service port that are to get no connections, and why.
    func setAside(_ servicePort: ServicePortName) -> [AddressPort: SetAside] {
        guard remembered.contains(servicePort), let port = ports[servicePort] else { return [:] }
        return port.standings.compactMapValues(\.setAside)
    }

    /// A service port as it is with the endpoints set aside that are to be.
    func judged(_ entry: ServicePortEndpoints) -> ServicePortEndpoints {
        var entry = entry
        entry.setAside = setAside(entry.servicePort.name)
        return entry
    }

    /// Whether endpoints of a service port are judged.
    func judges(_ servicePort: ServicePortName) -> Bool { ports[servicePort] != nil }

    /// How much longer the endpoints of a service port that are set aside stay so.
    func remainingTimes(_ servicePort: ServicePortName, at now: Instant) -> [AddressPort: Duration] {
        guard remembered.contains(servicePort), let port = ports[servicePort] else { return [:] }
        return port.standings.compactMapValues { standing in
            standing.nextExpiry.map { max(.zero, now.duration(to: $0)) }
        }
    }

    /// The service ports that have endpoints set aside.
    var servicePortsWithEndpointsSetAside: [ServicePortName] {
        remembered.filter { name in ports[name]?.standings.values.contains { $0.setAside != nil } ?? false }
    }
}

extension EndpointLedger {
    /// What is done about endpoints of a service port that fail.
    private struct Measures: Sendable, Hashable {
        let retries: Bool
        let ejects: Bool

        init(retries: Bool = false, ejects: Bool = false) {
            self.retries = retries
            self.ejects = ejects
        }

        init(_ servicePort: ServicePort, _ policy: FailurePolicy) {
            self.init(retries: policy.retries(servicePort), ejects: policy.ejects(servicePort))
        }

        var areAny: Bool { retries || ejects }
    }

    /// One service port.
    private struct Port: Sendable {
        var measures = Measures()
        /// All that the API names.
        var endpoints: Set<AddressPort> = []
        /// Those that can get connections as far as the API goes.
        var usable: Set<AddressPort> = []
        /// Those of which something is remembered.
        var standings: [AddressPort: Standing] = [:]

        mutating func update(_ measures: Measures, _ endpoints: [Endpoint]) {
            self.measures = measures
            self.endpoints = Set(endpoints.map(\.addressPort))
            let ready = endpoints.filter(\.isReady)
            usable = Set((ready.isEmpty ? endpoints.filter(\.isTerminatingFallback) : ready).map(\.addressPort))
            guard !standings.isEmpty else { return }
            standings = standings.filter { self.endpoints.contains($0.key) }
            for endpoint in standings.keys {
                if !measures.retries { standings[endpoint]?.avoidedUntil = nil }
                if !measures.ejects { standings[endpoint]?.ejectedUntil = nil }
            }
        }

        /// One that answers is not to be avoided: the connection that failed was an exception, or others were to blame.
        mutating func answer(_ endpoint: AddressPort) -> Change? {
            guard var standing = standings[endpoint] else { return nil }
            standing.failuresInRow = 0
            let wasAvoided = standing.avoidedUntil != nil && standing.ejectedUntil == nil
            standing.avoidedUntil = nil
            standings[endpoint] = standing
            return wasAvoided ? .returned(wasEjected: false) : nil
        }

        mutating func fail(
            _ endpoint: AddressPort, _ failure: ConnectionFailure, at now: Instant, _ policy: FailurePolicy
        ) -> Change? {
            var standing = standings[endpoint] ?? Standing()
            defer { standings[endpoint] = standing }
            let wasSetAside = standing.setAside != nil
            standing.failuresInRow += 1
            standing.lastFailure = failure
            standing.lastFailureTime = now
            if measures.retries, policy.avoidanceTime > .zero {
                standing.avoidedUntil = now + policy.avoidanceTime
            }
            if measures.ejects, standing.ejectedUntil == nil, standing.failuresInRow >= policy.consecutiveFailures,
                mayEject(endpoint, policy)
            {
                let time = standing.eject(at: now, policy)
                return .ejected(failures: standing.failuresInRow, failure, time)
            }
            return wasSetAside || standing.setAside == nil ? nil : .avoided(failure)
        }

        /// Whether one more endpoint can be ejected: at least one can, as with Envoy, but never the last one that is left.
        private func mayEject(_ endpoint: AddressPort, _ policy: FailurePolicy) -> Bool {
            guard policy.maxEjectionPercent > 0 else { return false }
            let ejected = Set(standings.lazy.filter { $0.value.ejectedUntil != nil }.map(\.key))
            let limit = max(1, endpoints.count * policy.maxEjectionPercent / 100)
            return ejected.count < limit && usable.contains { $0 != endpoint && !ejected.contains($0) }
        }

        mutating func expire(at now: Instant, _ policy: FailurePolicy) -> [(AddressPort, Change)] {
            var changes: [(AddressPort, Change)] = []
            for (endpoint, before) in standings.sorted(by: { $0.key.description < $1.key.description }) {
                var standing = before
                standing.expire(at: now, policy)
                if before.setAside != nil, standing.setAside == nil {
                    changes.append((endpoint, .returned(wasEjected: before.ejectedUntil != nil)))
                }
                standings[endpoint] = standing.isForgettable(at: now, policy) ? nil : standing
            }
            return changes
        }
    }
}
