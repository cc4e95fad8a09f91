// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A service port together with every endpoint that any slice names for it, usable or not.
public struct ServicePortEndpoints: Sendable, Hashable {
    /// The service port.
    public var servicePort: ServicePort
    /// Its endpoints, ordered as kube-proxy orders them: by the bytes of `ADDRESS:PORT`.
    public var endpoints: [Endpoint]
    /// Endpoints that this node does without for a while if others are left.
    public var setAside: [AddressPort: SetAside]

    /// A service port with its endpoints, which must be in kube-proxy's order.
    public init(servicePort: ServicePort, endpoints: [Endpoint], setAside: [AddressPort: SetAside] = [:]) {
        self.servicePort = servicePort
        self.endpoints = endpoints
        self.setAside = setAside
    }
}

/// Everything that must be reachable in one IP family, in the order of ``ServicePortName``.
public struct ServiceSnapshot: Sendable, Hashable {
    /// The family.
    public let family: IPFamily
    /// The service ports, ordered by name, each name once.
    public private(set) var servicePorts: [ServicePortEndpoints]

    /// A snapshot of a family; of service ports with one name the last one counts, as in kube-proxy.
    public init(family: IPFamily, servicePorts: [ServicePortEndpoints]) {
        self.family = family
        // Objects mostly come sorted, and there are many.
        guard !servicePorts.isAscending else {
            self.servicePorts = servicePorts
            return
        }
        var byName: [ServicePortName: ServicePortEndpoints] = [:]
        byName.reserveCapacity(servicePorts.count)
        for entry in servicePorts { byName[entry.servicePort.name] = entry }
        self.servicePorts = byName.values.sorted { $0.servicePort.name < $1.servicePort.name }
    }

    /// The number of endpoints of all service ports, unusable ones included: what decides on large-cluster mode.
    public var endpointCount: Int { servicePorts.reduce(0) { $0 + $1.endpoints.count } }
}

extension [ServicePortEndpoints] {
    /// Whether they are ordered by name, each name once.
    fileprivate var isAscending: Bool {
        indices.dropFirst().allSatisfy { self[$0 - 1].servicePort.name < self[$0].servicePort.name }
    }
}
