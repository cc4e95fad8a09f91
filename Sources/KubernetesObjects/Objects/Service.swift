// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// A Service (v1) as far as a proxy reads it, API defaults applied.
public struct Service: Sendable, Hashable {
    /// How the Service is offered (`spec.type`).
    public enum ServiceType: String, Sendable, Hashable {
        /// Inside the cluster.
        case clusterIP = "ClusterIP"
        /// Also by a port of every node.
        case nodePort = "NodePort"
        /// Also by addresses of a load balancer.
        case loadBalancer = "LoadBalancer"
        /// An alias in DNS; a proxy has nothing to do with it.
        case externalName = "ExternalName"
    }

    /// The address inside the cluster (`spec.clusterIP`, `spec.clusterIPs`).
    public enum ClusterAddress: Sendable, Hashable {
        /// None was written; an API server would choose one.
        case unallocated
        /// There is none on purpose (`None`).
        case headless
        /// One address of each family that the Service has.
        case addresses([IPAddress])
    }

    /// One port (`spec.ports`).
    public struct Port: Sendable, Hashable {
        /// The name; empty if it has none.
        public var name: String
        /// The transport protocol.
        public var transport: TransportProtocol
        /// The port of the Service's own addresses.
        public var number: UInt16
        /// The port on every node, if there is one.
        public var nodePort: UInt16?

        /// A port; TCP, without a name and a node port by default.
        public init(name: String = "", transport: TransportProtocol = .tcp, number: UInt16, nodePort: UInt16? = nil) {
            self.name = name
            self.transport = transport
            self.number = number
            self.nodePort = nodePort
        }
    }

    /// The label that hands a Service to another proxy, whatever its value (KEP-2447).
    static let otherProxyLabel = "service.kubernetes.io/service-proxy-name"
    /// What the API server writes if a Service with affinity names no timeout: three hours, in seconds.
    static let defaultAffinityTimeout: UInt32 = 10_800
    /// The timeouts that the API lets through, in seconds: up to a day.
    static let affinityTimeouts: ClosedRange<Int64> = 1...86_400

    /// The namespace and name.
    public var name: ServiceName
    /// Where it was read.
    public var origin: ObjectOrigin
    /// How the Service is offered.
    public var type = ServiceType.clusterIP
    /// The proxy that a label hands the Service to, if there is one.
    public var otherProxy: String?
    /// The address inside the cluster.
    public var clusterAddress = ClusterAddress.unallocated
    /// The ports.
    public var ports: [Port] = []
    /// The valid addresses of `spec.externalIPs`, of both families, in order, repetitions included.
    public var externalIPs: [IPAddress] = []
    /// Whether `spec.externalIPs` has any entry, valid or not: what decides on external policy Local.
    public var declaresExternalIPs = false
    /// The addresses of `status.loadBalancer` that the proxy captures: ipMode VIP, or none given (KEP-1860).
    public var loadBalancerVIPs: [IPAddress] = []
    /// The ranges of `spec.loadBalancerSourceRanges`, of both families, in order, repetitions included.
    public var loadBalancerSourceRanges: [CIDR] = []
    /// `spec.internalTrafficPolicy`.
    public var internalTrafficPolicy = TrafficPolicy.cluster
    /// `spec.externalTrafficPolicy` as written, whether or not the type gives it a meaning.
    public var externalTrafficPolicy = TrafficPolicy.cluster
    /// `spec.sessionAffinity` and its timeout.
    public var sessionAffinity = SessionAffinity.none
    /// The annotation `kubetables.io/session-affinity-mode`.
    public var affinityMode: AffinityMode?
    /// The annotation `kubetables.io/balance`.
    public var balance: BalancePolicy?
    /// The annotation `kubetables.io/retry`.
    public var retriesConnections: Bool?
    /// The annotation `kubetables.io/outlier-ejection`.
    public var ejectsOutliers: Bool?
    /// `spec.healthCheckNodePort` as written, whether or not the type gives it a meaning.
    public var healthCheckNodePort: UInt16?

    /// A Service with the API's defaults and no port yet.
    public init(name: ServiceName, origin: ObjectOrigin = .none) {
        self.name = name
        self.origin = origin
    }
}
