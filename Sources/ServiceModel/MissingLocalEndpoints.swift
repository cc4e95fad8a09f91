// SPDX-License-Identifier: Apache-2.0

/// How many service ports have endpoints, but none on this node although their traffic policy is Local.
///
/// As kube-proxy counts (pkg/proxy/iptables/proxier.go, `serviceNoLocalEndpointsTotalInternal`): what is dropped with
/// "has no local endpoints". A service port without any endpoint is refused instead, and not counted.
public struct MissingLocalEndpoints: Sendable, Hashable {
    /// The number of service ports whose internal traffic policy is Local.
    public private(set) var internalPolicy = 0
    /// The number of service ports that can be reached from outside and whose external traffic policy is Local.
    public private(set) var externalPolicy = 0

    /// Nothing counted yet.
    public init() {}

    /// Counts a service port with the endpoints that this node uses for it.
    public mutating func count(_ servicePort: ServicePort, _ selection: EndpointSelection) {
        guard servicePort.usesLocalEndpoints, selection.hasUsableEndpoints,
            selection.localVerdicts.allSatisfy({ !$0.isUsed })
        else { return }
        if servicePort.internalTrafficPolicy == .local { internalPolicy += 1 }
        if servicePort.externalTrafficPolicy == .local, servicePort.isExternallyAccessible { externalPolicy += 1 }
    }

    /// The counts of two sets of service ports together.
    public static func + (left: MissingLocalEndpoints, right: MissingLocalEndpoints) -> MissingLocalEndpoints {
        var sum = left
        sum.internalPolicy += right.internalPolicy
        sum.externalPolicy += right.externalPolicy
        return sum
    }

    /// The counts of the service ports that are left when some are taken away.
    public static func - (left: MissingLocalEndpoints, right: MissingLocalEndpoints) -> MissingLocalEndpoints {
        var difference = left
        difference.internalPolicy -= right.internalPolicy
        difference.externalPolicy -= right.externalPolicy
        return difference
    }
}
