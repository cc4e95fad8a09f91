// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Which endpoints traffic of a kind may go to.
public enum TrafficPolicy: String, Sendable, Hashable {
    /// All endpoints of the cluster.
    case cluster = "Cluster"
    /// Only endpoints on this node.
    case local = "Local"
}

/// Whether connections of one client go to one endpoint.
public enum SessionAffinity: Sendable, Hashable {
    /// Every connection is balanced anew.
    case none
    /// Connections of one source address go to one endpoint until `timeoutSeconds` (1–86400) pass without a new one.
    case clientIP(timeoutSeconds: UInt32)
}

/// How connections of one client come to one endpoint, where they do.
public enum AffinityMode: String, Sendable, Hashable, CaseIterable {
    /// By lists of recent clients, as kube-proxy does: until a time has passed, for a hundred clients of an endpoint and node.
    case recent
    /// By a hash of the client's address: for all clients, on all nodes alike, with no time that passes.
    case hash
}

/// One port of one Service in one IP family: what must be reachable, by which addresses and how.
public struct ServicePort: Sendable, Hashable {
    /// The name of the service port, its key.
    public var name: ServicePortName
    /// The virtual address inside the cluster.
    public var clusterIP: IPAddress
    /// The port of ``clusterIP``, the external IPs and the load balancer addresses.
    public var port: UInt16
    /// The port on addresses of the node, if there is one.
    public var nodePort: UInt16?
    /// Addresses of `spec.externalIPs`, of this family, in the object's order, repetitions included.
    public var externalIPs: [IPAddress]
    /// Addresses of `status.loadBalancer` with ipMode VIP (KEP-1860), of this family, in the object's order.
    public var loadBalancerVIPs: [IPAddress]
    /// The only clients that load balancer addresses let in; empty lets all clients in.
    public var loadBalancerSourceRanges: [CIDR]
    /// Which endpoints traffic to ``clusterIP`` may go to (KEP-2086).
    public var internalTrafficPolicy: TrafficPolicy
    /// Which endpoints traffic to node ports, external IPs and load balancer addresses may go to.
    ///
    /// ``TrafficPolicy/local`` only for a Service of type NodePort or LoadBalancer, or one with external IPs; for all others
    /// it is ``TrafficPolicy/cluster``.
    public var externalTrafficPolicy: TrafficPolicy
    /// Whether connections of one client go to one endpoint.
    public var sessionAffinity: SessionAffinity
    /// How they do; `nil` as this node does it for all.
    public var affinityMode: AffinityMode?
    /// How new connections are spread over the endpoints; `nil` as this node does it for all.
    public var balance: BalancePolicy?
    /// Whether connections that an endpoint refuses or does not answer are balanced again; `nil` as this node does it for all.
    public var retriesConnections: Bool?
    /// Whether endpoints that fail again and again get no connections for a time; `nil` as this node does it for all.
    public var ejectsOutliers: Bool?
    /// The port where load balancers ask the node whether it has local endpoints, if there is one.
    public var healthCheckNodePort: UInt16?

    /// A service port; everything but name, address and port has the API's default.
    public init(
        name: ServicePortName, clusterIP: IPAddress, port: UInt16, nodePort: UInt16? = nil,
        externalIPs: [IPAddress] = [], loadBalancerVIPs: [IPAddress] = [], loadBalancerSourceRanges: [CIDR] = [],
        internalTrafficPolicy: TrafficPolicy = .cluster, externalTrafficPolicy: TrafficPolicy = .cluster,
        sessionAffinity: SessionAffinity = .none, affinityMode: AffinityMode? = nil, balance: BalancePolicy? = nil,
        retriesConnections: Bool? = nil, ejectsOutliers: Bool? = nil, healthCheckNodePort: UInt16? = nil
    ) {
        self.name = name
        self.clusterIP = clusterIP
        self.port = port
        self.nodePort = nodePort
        self.externalIPs = externalIPs
        self.loadBalancerVIPs = loadBalancerVIPs
        self.loadBalancerSourceRanges = loadBalancerSourceRanges
        self.internalTrafficPolicy = internalTrafficPolicy
        self.externalTrafficPolicy = externalTrafficPolicy
        self.sessionAffinity = sessionAffinity
        self.affinityMode = affinityMode
        self.balance = balance
        self.retriesConnections = retriesConnections
        self.ejectsOutliers = ejectsOutliers
        self.healthCheckNodePort = healthCheckNodePort
    }

    /// Whether the service port can be reached by any address from outside the cluster.
    public var isExternallyAccessible: Bool {
        nodePort != nil || !loadBalancerVIPs.isEmpty || !externalIPs.isEmpty
    }

    /// Whether some traffic may go to any endpoint of the cluster.
    ///
    /// External traffic policy Local does not rule it out: pods and the node itself take a short cut to all endpoints.
    public var usesClusterEndpoints: Bool { internalTrafficPolicy == .cluster || isExternallyAccessible }

    /// Whether some traffic may only go to endpoints on this node.
    public var usesLocalEndpoints: Bool {
        internalTrafficPolicy == .local || (externalTrafficPolicy == .local && isExternallyAccessible)
    }
}
