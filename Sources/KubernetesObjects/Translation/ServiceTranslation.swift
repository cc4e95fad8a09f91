// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

extension Service {
    /// Why no rule of a family is made for the Service; `nil` if rules are made.
    public func skipReason(_ family: IPFamily) -> SkipReason? {
        if let otherProxy { return .otherProxy(otherProxy) }
        if type == .externalName { return .externalName }
        switch clusterAddress {
        case .headless: return .headless
        case .unallocated: return .noClusterIP
        case .addresses: return clusterIP(family) == nil ? .noAddressOfFamily(family) : nil
        }
    }

    /// The ports of the Service in a family, as a proxy sees them (kube-proxy's `newBaseServicePortInfo`).
    ///
    /// - Returns: nothing if there is a ``skipReason(_:)``. Of ports with one name and protocol only the last is there.
    public func servicePorts(_ family: IPFamily) -> [ServicePort] {
        guard skipReason(family) == nil, let clusterIP = clusterIP(family) else { return [] }
        let externalIPs = externalIPs.filter { $0.family == family }
        let loadBalancerVIPs = loadBalancerVIPs.filter { $0.family == family }
        let sourceRanges = sourceRanges(family)
        let translated = ports.map { port in
            ServicePort(
                name: portName(port), clusterIP: clusterIP, port: port.number, nodePort: port.nodePort,
                externalIPs: externalIPs, loadBalancerVIPs: loadBalancerVIPs, loadBalancerSourceRanges: sourceRanges,
                internalTrafficPolicy: internalTrafficPolicy, externalTrafficPolicy: effectiveExternalTrafficPolicy,
                sessionAffinity: sessionAffinity, affinityMode: affinityMode, balance: balance,
                retriesConnections: retriesConnections, ejectsOutliers: ejectsOutliers,
                healthCheckNodePort: effectiveHealthCheckNodePort)
        }
        return translated.count < 2 ? translated : Self.lastOfEachName(translated)
    }

    /// The name of the service port that a port of this Service is.
    func portName(_ port: Port) -> ServicePortName {
        ServicePortName(name, port: port.name, transport: port.transport)
    }

    private func clusterIP(_ family: IPFamily) -> IPAddress? {
        guard case .addresses(let addresses) = clusterAddress else { return nil }
        return addresses.first { $0.family == family }
    }

    /// The ranges of a family; a range of everything makes the others pointless, so then there are none.
    private func sourceRanges(_ family: IPFamily) -> [CIDR] {
        let ranges = loadBalancerSourceRanges.filter { $0.family == family }
        return ranges.contains(where: \.isEverything) ? [] : ranges
    }

    /// Policy Local needs a type that gives external addresses, or external IPs (`ExternalPolicyLocal`).
    private var effectiveExternalTrafficPolicy: TrafficPolicy {
        switch type {
        case .loadBalancer, .nodePort: externalTrafficPolicy
        case .clusterIP: declaresExternalIPs ? externalTrafficPolicy : .cluster
        case .externalName: .cluster
        }
    }

    /// Only load balancers of policy Local ask nodes for their health (`NeedsHealthCheck`).
    private var effectiveHealthCheckNodePort: UInt16? {
        type == .loadBalancer && effectiveExternalTrafficPolicy == .local ? healthCheckNodePort : nil
    }

    private static func lastOfEachName(_ servicePorts: [ServicePort]) -> [ServicePort] {
        servicePorts.enumerated().compactMap { index, servicePort in
            servicePorts[(index + 1)...].contains { $0.name == servicePort.name } ? nil : servicePort
        }
    }
}
