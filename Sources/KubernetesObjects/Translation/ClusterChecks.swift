import Documents
import NetworkTypes
import ServiceModel

extension ClusterObjects {
    /// What is wrong with the objects together: slices of no Service, addresses that two Services claim.
    ///
    /// - Parameter unusableServices: Services that were in the input, but had errors; slices may belong to them.
    /// - Returns: warnings and notes, in an order that does not depend on that of the objects.
    public func crossChecks(unusableServices: Set<ServiceName> = []) -> [Diagnostic] {
        sliceChecks(unusableServices) + endpointsChecks(unusableServices) + ClaimRegister.doubleClaims(in: self)
    }

    private func sliceChecks(_ unusableServices: Set<ServiceName>) -> [Diagnostic] {
        let odd = endpointSlices.values.filter { slice in
            guard let service = slice.service else { return true }
            return services[service] == nil && !unusableServices.contains(service)
        }
        return odd.sorted { $0.name < $1.name }.map { slice in
            let problem =
                if let service = slice.service {
                    "the input has no Service \(MessageText.escaped(service.description)); the slice is not used"
                } else {
                    "is missing, so the slice belongs to no Service and is not used; it must be the name of a Service"
                }
            return Diagnostic(
                .warning, origin: slice.origin, kind: KubernetesObject.Kind.endpointSlice.rawValue, name: slice.name,
                field: "metadata.labels[\(EndpointSlice.serviceNameLabel)]", message: problem)
        }
    }

    private func endpointsChecks(_ unusableServices: Set<ServiceName>) -> [Diagnostic] {
        endpoints.values.sorted { $0.service < $1.service }.compactMap { object in
            func diagnostic(_ severity: Diagnostic.Severity, _ message: String) -> Diagnostic {
                Diagnostic(
                    severity, origin: object.origin, kind: KubernetesObject.Kind.endpoints.rawValue,
                    name: ObjectName(object.service), message: message)
            }
            if services[object.service] == nil, !unusableServices.contains(object.service) {
                return diagnostic(.warning, "the input has no Service of that name; the object is not used")
            }
            if hasSlices(of: object.service) {
                return diagnostic(.note, "not used, since the Service has EndpointSlices")
            }
            return nil
        }
    }
}

/// Finds what two service ports claim, although a packet can go to one of them only.
private struct ClaimRegister {
    /// An address and port, or a port of every node if there is no address.
    private struct Claim: Hashable {
        let address: IPAddress?
        let port: UInt16
        let transport: TransportProtocol

        var description: String {
            let target =
                if let address { AddressPort(address, port).description } else { "the node port \(port)" }
            return "\(target)/\(transport.kubernetesName)"
        }
    }

    private struct DoubleClaim: Hashable {
        let claim: Claim
        let loser: ServicePortName
    }

    private var winners: [Claim: ServicePortName] = [:]
    private var reported: Set<DoubleClaim> = []
    private var diagnostics: [Diagnostic] = []

    static func doubleClaims(in objects: ClusterObjects) -> [Diagnostic] {
        var register = ClaimRegister()
        for family in IPFamily.allCases {
            let servicePorts = objects.services.values.flatMap { service in
                service.servicePorts(family).map { (servicePort: $0, origin: service.origin) }
            }
            for (servicePort, origin) in servicePorts.sorted(by: { $0.servicePort.name < $1.servicePort.name }) {
                register.add(servicePort, origin: origin)
            }
        }
        return register.diagnostics
    }

    private mutating func add(_ servicePort: ServicePort, origin: ObjectOrigin) {
        let transport = servicePort.name.transport
        for address in [servicePort.clusterIP] + servicePort.externalIPs + servicePort.loadBalancerVIPs {
            add(Claim(address: address, port: servicePort.port, transport: transport), servicePort, origin: origin)
        }
        if let nodePort = servicePort.nodePort {
            add(Claim(address: nil, port: nodePort, transport: transport), servicePort, origin: origin)
        }
    }

    private mutating func add(_ claim: Claim, _ servicePort: ServicePort, origin: ObjectOrigin) {
        guard let winner = winners[claim] else {
            winners[claim] = servicePort.name
            return
        }
        guard winner != servicePort.name,
            reported.insert(DoubleClaim(claim: claim, loser: servicePort.name)).inserted
        else { return }
        diagnostics.append(
            Diagnostic(
                .warning, origin: origin, kind: KubernetesObject.Kind.service.rawValue,
                name: ObjectName(servicePort.name.serviceName),
                message:
                    "\(claim.description) of \(servicePort.name) is claimed by \(winner) too, which comes first and "
                    + "gets the connections; only one Service can have it"))
    }
}
