// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

extension InspectedState {
    /// The service ports that an inquiry is about, with what was counted.
    fileprivate func measured(_ selection: ServiceSelection) -> [MeasuredServicePort] {
        compilations.flatMap { compilation in
            let traffic = loop?.families[compilation.family]?.traffic
            return compilation.servicePorts.filter { selection.contains($0.name.serviceName) }.map {
                MeasuredServicePort(
                    compiled: $0, family: compilation.family, traffic: traffic, rates: traffic?.rates(of: $0.name))
            }
        }
    }

    /// The last reading of all families: the oldest of them.
    fileprivate var measurement: TrafficMeasurement? {
        compilations.compactMap { loop?.families[$0.family]?.traffic?.measurement }.min { $0.time < $1.time }
    }
}

/// A service port, and what was counted of it.
private struct MeasuredServicePort {
    let compiled: CompiledServicePort
    let family: IPFamily
    let traffic: (any CountedTraffic)?
    /// `nil` before the second reading.
    let rates: MeasuredPort?

    var connections: Double { rates?.connectionsPerSecond ?? 0 }
    var refused: Double { rates?.refusedPerSecond.values.reduce(0, +) ?? 0 }

    func isBefore(_ other: MeasuredServicePort) -> Bool {
        compiled.name == other.compiled.name
            ? family == .ipv4 && other.family == .ipv6 : compiled.name < other.compiled.name
    }

    /// The endpoints that are used, with the counts of their window.
    var endpoints: [MeasuredEndpoint] {
        let selection = compiled.selection
        let used = selection.endpoints.indices.filter {
            selection.clusterVerdicts[$0].isUsed || selection.localVerdicts[$0].isUsed
        }
        guard !used.isEmpty else { return [] }
        let counts = traffic?.endpoints(of: compiled.name, used.map { selection.endpoints[$0].addressPort })
        let all = counts?.connections.reduce(0, &+) ?? 0
        let expected = expectedShare(used.count)
        // Else connections of a client are not independent of each other.
        let isTested = compiled.servicePort.sessionAffinity == .none && compiled.balance != .sourceHash
        return used.enumerated().map { place, index in
            var endpoint = MeasuredEndpoint(endpoint: selection.endpoints[index], expectedShare: expected)
            guard let counts else { return endpoint }
            let connections = counts.connections[place]
            endpoint.perSecond = counts.connectionsPerSecond[place]
            endpoint.connections = connections
            endpoint.windowSeconds = counts.seconds
            endpoint.share = all == 0 ? nil : Double(connections) / Double(all)
            if let expected, isTested {
                endpoint.deviation = ShareDeviation(connections, of: all, expected: expected, endpoints: used.count)
            }
            return endpoint
        }
    }

    /// What each used endpoint gets: they are drawn with equal chances, from one list.
    ///
    /// - Returns: `nil` if there are two lists with different endpoints: how much traffic goes to each is not known.
    private func expectedShare(_ count: Int) -> Double? {
        let selection = compiled.selection
        func usesAll(_ verdicts: EndpointVerdicts) -> Bool { verdicts.count { $0.isUsed } == count }
        // A list that no traffic policy asks for is marked as such at each endpoint; one without endpoints draws nothing.
        func isDrawnFrom(_ verdicts: EndpointVerdicts) -> Bool { verdicts.contains { $0.isUsed } }
        let lists = [selection.clusterVerdicts, selection.localVerdicts].filter(isDrawnFrom)
        return lists.allSatisfy(usesAll) ? 1 / Double(count) : nil
    }
}

/// An endpoint that is used, and what was counted of it.
private struct MeasuredEndpoint {
    let endpoint: Endpoint
    let expectedShare: Double?
    var perSecond: Double?
    var connections: UInt64?
    var windowSeconds: Double?
    var share: Double?
    var deviation: ShareDeviation?

    /// How far the share is from the expected one; those that chance explains are less than all others.
    var distance: Double {
        guard let share, let expectedShare else { return -1 }
        return abs(share - expectedShare) - (deviation == nil ? 1 : 0)
    }
}

extension TopTotals {
    fileprivate init(_ ports: [MeasuredServicePort], items: Int) {
        let isMeasured = ports.contains { $0.rates != nil }
        self.init(
            connectionsPerSecond: isMeasured ? ports.reduce(0) { $0 + $1.connections } : nil,
            refusedPerSecond: isMeasured ? ports.reduce(0) { $0 + $1.refused } : nil, items: items)
    }
}

extension TopServiceList {
    /// The list for an inquiry; what is costly is done for the items that are shown.
    init(_ state: InspectedState, _ selection: TopSelection) {
        let ports = state.measured(selection.services)
        let measurement = state.measurement
        time = measurement.map { Timestamp(seconds: $0.time.seconds).description }
        intervalSeconds = measurement?.seconds
        totals = TopTotals(ports, items: ports.count)
        let facts = ServiceFacts(state)
        let all = totals.connectionsPerSecond ?? 0
        items = ports.sorted { Self.isBefore($0, $1, selection.order) }.prefix(selection.limit ?? .max).map { port in
            TopServiceItem(port, allConnections: all, state: facts.judge(port.compiled, port.family).states[0])
        }
    }

    private static func isBefore(
        _ left: MeasuredServicePort, _ right: MeasuredServicePort, _ order: TopOrder
    ) -> Bool {
        let keys: (Double, Double) =
            switch order {
            case .connections: (left.connections, right.connections)
            case .refused: (left.refused, right.refused)
            case .name, .deviation: (0, 0)
            }
        return keys.0 == keys.1 ? left.isBefore(right) : keys.0 > keys.1
    }
}

extension TopServiceItem {
    fileprivate init(_ port: MeasuredServicePort, allConnections: Double, state: ServiceState) {
        let (name, endpoints) = (port.compiled.name, port.endpoints)
        self.init(
            namespace: name.namespace, name: name.service, portName: name.port.isEmpty ? nil : name.port,
            port: port.compiled.servicePort.port, protocol: name.transport.kubernetesName,
            ipFamily: port.family.kubernetesName, usedEndpoints: endpoints.count,
            connectionsPerSecond: port.rates?.connectionsPerSecond,
            share: allConnections > 0 ? port.connections / allConnections : nil,
            refusedPerSecond: Dictionary(
                uniqueKeysWithValues: (port.rates?.refusedPerSecond ?? [:]).filter { $0.value > 0 }.map {
                    ($0.key.rawValue, $0.value)
                }),
            deviatingEndpoints: endpoints.count { $0.deviation != nil }, state: state)
    }
}

extension TopEndpointList {
    /// An endpoint by its place, and what it is sorted by: there may be a hundred thousand, of which few are shown.
    private struct Row {
        let key: Double
        let port: Int
        let endpoint: Int

        func isBefore(_ other: Row) -> Bool {
            key == other.key ? (port, endpoint) < (other.port, other.endpoint) : key > other.key
        }
    }

    /// The list for an inquiry; what is costly is done for the items that are shown.
    init(_ state: InspectedState, _ selection: TopSelection) {
        let ports = state.measured(selection.services).sorted { $0.isBefore($1) }
        let measurement = state.measurement
        time = measurement.map { Timestamp(seconds: $0.time.seconds).description }
        intervalSeconds = measurement?.seconds
        var rows: [Row] = []
        for (place, port) in ports.enumerated() {
            for (index, endpoint) in port.endpoints.enumerated() {
                rows.append(Row(key: endpoint.key(selection.order), port: place, endpoint: index))
            }
        }
        totals = TopTotals(ports, items: rows.count)
        var shown: [Int: [MeasuredEndpoint]] = [:]
        items = rows.sorted { $0.isBefore($1) }.prefix(selection.limit ?? .max).map { row in
            let port = ports[row.port]
            let endpoint = shown[row.port, filledBy: { port.endpoints }][row.endpoint]
            let members = state.objects.members(of: port.compiled.name.serviceName, port.family)
            return TopEndpointItem(port, endpoint, members[endpoint.endpoint.address]?.podName)
        }
    }
}

extension MeasuredEndpoint {
    /// What it is sorted by, highest first.
    fileprivate func key(_ order: TopOrder) -> Double {
        switch order {
        case .connections: perSecond ?? 0
        case .deviation: distance
        case .name, .refused: 0
        }
    }
}

extension Dictionary {
    /// The value of a key, made at its first use.
    fileprivate subscript(key: Key, filledBy make: () -> Value) -> Value {
        mutating get {
            if let value = self[key] { return value }
            let value = make()
            self[key] = value
            return value
        }
    }
}

extension TopEndpointItem {
    fileprivate init(_ port: MeasuredServicePort, _ measured: MeasuredEndpoint, _ pod: String?) {
        let name = port.compiled.name
        self.init(
            namespace: name.namespace, service: name.service, portName: name.port.isEmpty ? nil : name.port,
            servicePort: port.compiled.servicePort.port, protocol: name.transport.kubernetesName,
            ipFamily: port.family.kubernetesName, address: measured.endpoint.address.description,
            port: measured.endpoint.port, pod: pod, node: measured.endpoint.nodeName,
            connectionsPerSecond: measured.perSecond, connections: measured.connections,
            windowSeconds: measured.windowSeconds, share: measured.share, expectedShare: measured.expectedShare,
            deviation: measured.deviation)
    }
}
