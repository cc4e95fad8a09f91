// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Where clients reach the service ports of one family whose connections are watched: decides which flows are theirs.
///
/// A flow belongs to a service port if it was sent to one of its addresses, or to its node port on an address of this node,
/// *and* was translated to one of its endpoints.
package struct WatchedFrontEnds: Sendable {
    fileprivate struct Watched: Sendable {
        let name: ServicePortName
        let frontEnds: [AddressPort]
        let nodePort: UInt16?
        let endpoints: Set<AddressPort>
    }

    private var servicePorts: [ServiceName: [Watched]] = [:]
    // Found without a name, which takes longer to look up, and with more than one where several Services claim an address.
    private var byFrontEnd: [AddressPort: [Watched]] = [:]
    private var byNodePort: [UInt16: [Watched]] = [:]
    /// The node's addresses on which node ports answer.
    package var nodePortAddresses: Set<IPAddress> = []

    package init() {}

    /// Whether nothing is watched.
    package var isEmpty: Bool { servicePorts.isEmpty }

    /// Whether ports of a Service are watched.
    package func contains(_ service: ServiceName) -> Bool { servicePorts[service] != nil }

    /// Takes over the ports of a Service that are watched, of TCP; none if it is not to be watched any more.
    ///
    /// Costs what the Service costs, however many there are.
    package mutating func update(_ service: ServiceName, _ watched: [ServicePortEndpoints]) {
        remove(service)
        for entry in watched where entry.servicePort.name.transport == .tcp { insert(entry) }
    }

    private mutating func insert(_ entry: ServicePortEndpoints) {
        let servicePort = entry.servicePort
        let name = servicePort.name
        let watched = Watched(
            name: name, frontEnds: Array(Set(servicePort.frontends)), nodePort: servicePort.nodePort,
            endpoints: Set(entry.endpoints.map(\.addressPort)))
        servicePorts[name.serviceName, default: []].append(watched)
        for frontEnd in watched.frontEnds { byFrontEnd[frontEnd, default: []].append(watched) }
        if let nodePort = watched.nodePort { byNodePort[nodePort, default: []].append(watched) }
    }

    private mutating func remove(_ service: ServiceName) {
        for watched in servicePorts.removeValue(forKey: service) ?? [] {
            for frontEnd in watched.frontEnds { byFrontEnd.remove(watched.name, at: frontEnd) }
            if let nodePort = watched.nodePort { byNodePort.remove(watched.name, at: nodePort) }
        }
    }

    /// The service port that a flow belongs to; `nil` if it is not watched, or not of a Service.
    package func servicePort(of flow: Flow) -> ServicePortName? {
        guard flow.isRedirected else { return nil }
        let destination = flow.original.destination
        let endpoint = flow.reply.source
        if let found = byFrontEnd[destination]?.first(where: { $0.endpoints.contains(endpoint) }) { return found.name }
        guard let candidates = byNodePort[destination.port], nodePortAddresses.contains(destination.address) else {
            return nil
        }
        return candidates.first { $0.endpoints.contains(endpoint) }?.name
    }
}

extension Dictionary where Value == [WatchedFrontEnds.Watched] {
    fileprivate mutating func remove(_ name: ServicePortName, at key: Key) {
        self[key]?.removeAll { $0.name == name }
        if self[key]?.isEmpty == true { self[key] = nil }
    }
}
