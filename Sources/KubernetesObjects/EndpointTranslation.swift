import NetworkTypes
import ServiceModel

/// Puts the endpoints of slices together, as kube-proxy's EndpointSlice cache does (`endpointslicecache.go`).
enum EndpointMerge {
    /// The endpoints that slices have for a service port, ordered by the bytes of `ADDRESS:PORT`, each once.
    ///
    /// Ports are matched by name and protocol, never by number. What several slices say of one endpoint, the last of
    /// them decides, unless it says that it is terminating: an address may be used again before the old pod is gone.
    ///
    /// - Parameter slices: slices of one Service, in the order of their names.
    static func endpoints(
        of servicePort: ServicePortName, in slices: [EndpointSlice], family: IPFamily
    ) -> [Endpoint] {
        var found: [Entry] = []
        for slice in slices where slice.addressType == .addresses(family) && !slice.isHeadless {
            for port in slice.ports where port.name == servicePort.port && port.transport == servicePort.transport {
                found.reserveCapacity(found.count + slice.endpoints.count)
                for member in slice.endpoints {
                    found.append(Entry(Endpoint(member, port: port.number), arrival: found.count))
                }
            }
        }
        found.sort()
        var merged: [Endpoint] = []
        merged.reserveCapacity(found.count)
        var lastText: String?
        for entry in found {
            if entry.text != lastText {
                merged.append(entry.endpoint)
            } else if !entry.endpoint.conditions.contains(.terminating) {
                merged[merged.count - 1] = entry.endpoint
            }
            lastText = entry.text
        }
        return merged
    }

    private struct Entry: Comparable {
        let text: String
        let arrival: Int
        let endpoint: Endpoint

        init(_ endpoint: Endpoint, arrival: Int) {
            text = endpoint.description
            self.arrival = arrival
            self.endpoint = endpoint
        }

        static func == (left: Entry, right: Entry) -> Bool { left.arrival == right.arrival }

        static func < (left: Entry, right: Entry) -> Bool {
            left.text != right.text ? left.text < right.text : left.arrival < right.arrival
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
    public func servicePorts(of name: ObjectName, family: IPFamily) -> [ServicePortEndpoints] {
        guard let servicePorts = services[name]?.servicePorts(family), !servicePorts.isEmpty else { return [] }
        let slices = hasSlices(of: name) ? slices(of: name) : endpoints[name]?.mirroredSlices(family) ?? []
        return servicePorts.map { servicePort in
            ServicePortEndpoints(
                servicePort: servicePort,
                endpoints: EndpointMerge.endpoints(of: servicePort.name, in: slices, family: family))
        }
    }

    /// Everything that must be reachable in a family.
    ///
    /// The order in which objects were added does not matter.
    public func snapshot(family: IPFamily) -> ServiceSnapshot {
        ServiceSnapshot(
            family: family, servicePorts: services.keys.flatMap { servicePorts(of: $0, family: family) })
    }

    /// The Services for which no rule of a family is made, in the order of their names, and why.
    public func skippedServices(family: IPFamily) -> [SkippedService] {
        services.values.compactMap { service in
            service.skipReason(family).map { SkippedService(name: service.name, reason: $0) }
        }.sorted { $0.name < $1.name }
    }
}
