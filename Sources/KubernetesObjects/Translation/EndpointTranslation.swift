// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Merges the endpoints of slices, as kube-proxy's EndpointSlice cache does (`endpointslicecache.go`).
enum EndpointMerge {
    /// The endpoints that slices have for a service port, ordered by the bytes of `ADDRESS:PORT`, each once.
    ///
    /// Ports are matched by name and protocol, never by number. If several slices hold one endpoint, the last of
    /// them decides, unless it is terminating there: an address may be used again before the old pod is gone.
    ///
    /// - Parameter slices: slices of one Service, in the order of their names.
    static func endpoints(
        of servicePort: ServicePortName, in slices: [EndpointSlice], family: IPFamily
    ) -> [Endpoint] {
        var found: [Endpoint] = []
        var texts = EndpointTexts()
        for slice in slices where UnusedSlice.Reason(slice, servicePort, family) == nil {
            for port in slice.ports where port.serves(servicePort) {
                for member in slice.endpoints {
                    let endpoint = Endpoint(member, port: port.number)
                    found.append(endpoint)
                    texts.append(endpoint)
                }
            }
        }
        let order = texts.order
        var merged: [Endpoint] = []
        merged.reserveCapacity(order.count)
        for (place, index) in order.enumerated() {
            if place == 0 || !texts.areEqual(order[place - 1], index) {
                merged.append(found[index])
            } else if !found[index].conditions.contains(.terminating) {
                merged[merged.count - 1] = found[index]
            }
        }
        return merged
    }
}

/// The texts of many endpoints, one behind the other in one block of memory: a String for each would cost more than all
/// else that is done for it.
private struct EndpointTexts {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    mutating func append(_ endpoint: Endpoint) {
        endpoint.appendText(to: &bytes)
        ends.append(bytes.count)
    }

    private func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    func areEqual(_ left: Int, _ right: Int) -> Bool { bytes[range(left)] == bytes[range(right)] }

    /// The numbers of the endpoints, ordered by the bytes of their texts; equal ones stay in the order of their arrival.
    var order: [Int] {
        bytes.withUnsafeBufferPointer { bytes in
            ends.indices.sorted { left, right in
                bytes[range(left)].lexicographicallyPrecedes(bytes[range(right)])
            }
        }
    }
}

extension Endpoint {
    /// An endpoint of a slice at one of the slice's ports.
    fileprivate init(_ member: EndpointSlice.Member, port: UInt16) {
        self.init(
            address: member.address, port: port, conditions: member.conditions, nodeName: member.nodeName,
            zoneHints: member.zoneHints, nodeHints: member.nodeHints)
    }
}

extension ClusterObjects {
    /// The service ports of one Service in a family, each with its endpoints.
    ///
    /// The endpoints come from its EndpointSlices or, if it has none, from its Endpoints object.
    ///
    /// - Returns: nothing if there is no such Service, or if it is skipped.
    public func servicePorts(of name: ServiceName, family: IPFamily) -> [ServicePortEndpoints] {
        guard let servicePorts = services[name]?.servicePorts(family), !servicePorts.isEmpty else { return [] }
        let slices = endpointSources(of: name, family: family)
        return servicePorts.map { servicePort in
            ServicePortEndpoints(
                servicePort: servicePort,
                endpoints: EndpointMerge.endpoints(of: servicePort.name, in: slices, family: family))
        }
    }

    /// The slices that the endpoints of a Service come from: its own or, if it has none, those of its Endpoints object.
    func endpointSources(of name: ServiceName, family: IPFamily) -> [EndpointSlice] {
        hasSlices(of: name) ? slices(of: name) : endpoints[name]?.mirroredSlices(family) ?? []
    }

    /// Everything that must be reachable in a family.
    ///
    /// The order in which objects were added does not matter.
    public func snapshot(family: IPFamily) -> ServiceSnapshot {
        ServiceSnapshot(
            family: family, servicePorts: services.keys.sorted().flatMap { servicePorts(of: $0, family: family) })
    }

    /// The Services for which no rule of a family is made, in the order of their names, and why.
    public func skippedServices(family: IPFamily) -> [SkippedService] {
        services.values.compactMap { service in
            service.skipReason(family).map { SkippedService(name: service.name, reason: $0) }
        }.sorted { $0.name < $1.name }
    }
}
