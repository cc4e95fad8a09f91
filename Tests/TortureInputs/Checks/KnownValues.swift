// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Every address, port and name that objects and settings have: what rules may speak of.
struct KnownValues {
    private(set) var addresses: Set<IPAddress> = []
    private(set) var ranges: Set<CIDR> = []
    private(set) var ports: Set<UInt16> = []
    private(set) var healthCheckNodePorts: Set<UInt16> = []
    private(set) var endpoints: Set<AddressPort> = []
    private(set) var interfaces: Set<String> = []
    private(set) var serviceNames: Set<String> = []
    private(set) var timeouts: Set<UInt32> = []

    init(_ objects: ClusterObjects, _ settings: CompilerSettings) {
        for service in objects.services.values { add(service) }
        for slice in objects.endpointSlices.values { add(slice.endpoints, slice.ports) }
        for endpoints in objects.endpoints.values {
            for subset in endpoints.subsets { add(subset.members, subset.ports) }
        }
        addresses.formUnion(settings.node.addresses)
        addresses.formUnion(settings.interfaceAddresses)
        addresses.formUnion(IPFamily.allCases.map(IPAddress.loopback))
        for family in IPFamily.allCases {
            switch settings.localDetector(family) {
            case .none: break
            case .sourceRange(let range): ranges.insert(range)
            case .bridgeInterface(let name), .interfacePrefix(let name): interfaces.insert(name)
            }
        }
    }

    private mutating func add(_ service: Service) {
        serviceNames.insert("\(service.name)")
        if case .addresses(let clusterIPs) = service.clusterAddress { addresses.formUnion(clusterIPs) }
        addresses.formUnion(service.externalIPs)
        addresses.formUnion(service.loadBalancerVIPs)
        ranges.formUnion(service.loadBalancerSourceRanges)
        for port in service.ports {
            ports.insert(port.number)
            if let nodePort = port.nodePort { ports.insert(nodePort) }
        }
        if let port = service.healthCheckNodePort {
            ports.insert(port)
            healthCheckNodePorts.insert(port)
        }
        if case .clientIP(let seconds) = service.sessionAffinity { timeouts.insert(seconds) }
    }

    private mutating func add(_ members: [EndpointSlice.Member], _ ports: [EndpointSlice.Port]) {
        for member in members {
            addresses.insert(member.address)
            for port in ports { endpoints.insert(AddressPort(member.address, port.number)) }
        }
    }
}
