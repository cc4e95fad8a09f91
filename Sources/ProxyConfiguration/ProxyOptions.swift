import NetworkTypes
import RuleCompiler

/// How pods on this node are told apart from everybody else (kube-proxy's `--detect-local-mode`).
public enum DetectLocalMode: String, Sendable, Hashable, CaseIterable {
    /// By the cluster's pod ranges (`--cluster-cidr`).
    case clusterCIDR = "ClusterCIDR"
    /// By the pod ranges of this node (`spec.podCIDRs`).
    case nodeCIDR = "NodeCIDR"
    /// By the bridge all pods of the node are behind (`--pod-bridge-interface`).
    case bridgeInterface = "BridgeInterface"
    /// By the beginning of the names of the pods' interfaces (`--pod-interface-name-prefix`).
    case interfaceNamePrefix = "InterfaceNamePrefix"
}

/// kube-proxy's options as far as rules depend on them; `nil` where nothing was said.
///
/// Flags and configuration files both fill one of these; ``overriding(_:)`` puts them on top of each other, and
/// ``settings(node:interfaceAddresses:)`` turns them into what the compiler needs.
public struct ProxyOptions: Sendable, Hashable {
    /// The node's name (`--hostname-override`).
    public var hostname: String?
    /// The node's addresses (`--node-ip`); without them those of its Node object count.
    public var nodeIPs: [IPAddress]?
    /// The node's labels (`--node-labels`); without them those of its Node object count.
    public var nodeLabels: [String: String]?
    /// The ranges pods get their addresses from, at most one of each family (`--cluster-cidr`).
    public var clusterCIDRs: [CIDR]?
    /// How pods are told apart (`--detect-local-mode`); by default ``DetectLocalMode/clusterCIDR``.
    public var detectLocalMode: DetectLocalMode?
    /// The bridge of the node's pods (`--pod-bridge-interface`).
    public var podBridgeInterface: String?
    /// The beginning of the names of the pods' interfaces (`--pod-interface-name-prefix`).
    public var podInterfaceNamePrefix: String?
    /// Whether all traffic to cluster IPs is masqueraded (`--masquerade-all`).
    public var masqueradeAll: Bool?
    /// The bit of the packet mark, 0–31 (`--iptables-masquerade-bit`).
    public var masqueradeBit: Int?
    /// Whether node ports answer on 127.0.0.0/8 (`--iptables-localhost-nodeports`).
    public var localhostNodePorts: Bool?
    /// On which addresses node ports answer (`--nodeport-addresses`).
    public var nodePortAddresses: NodePortAddresses?
    /// The addresses of the node's interfaces (`--interface-addresses`).
    public var interfaceAddresses: [IPAddress]?
    /// Whether packets are counted at nfnetlink accounting objects (`--nfacct`).
    public var accounting: Bool?
    /// Whether the kernel lets packets outside of the TCP window pass (`--conntrack-tcp-be-liberal`).
    public var conntrackTCPBeLiberal: Bool?

    /// Makes options of which nothing is said yet.
    public init() {}

    /// These options and, where nothing is said in them, those of `weaker`.
    public func overriding(_ weaker: ProxyOptions) -> ProxyOptions {
        var result = self
        result.hostname = hostname ?? weaker.hostname
        result.nodeIPs = nodeIPs ?? weaker.nodeIPs
        result.nodeLabels = nodeLabels ?? weaker.nodeLabels
        result.clusterCIDRs = clusterCIDRs ?? weaker.clusterCIDRs
        result.detectLocalMode = detectLocalMode ?? weaker.detectLocalMode
        result.podBridgeInterface = podBridgeInterface ?? weaker.podBridgeInterface
        result.podInterfaceNamePrefix = podInterfaceNamePrefix ?? weaker.podInterfaceNamePrefix
        result.masqueradeAll = masqueradeAll ?? weaker.masqueradeAll
        result.masqueradeBit = masqueradeBit ?? weaker.masqueradeBit
        result.localhostNodePorts = localhostNodePorts ?? weaker.localhostNodePorts
        result.nodePortAddresses = nodePortAddresses ?? weaker.nodePortAddresses
        result.interfaceAddresses = interfaceAddresses ?? weaker.interfaceAddresses
        result.accounting = accounting ?? weaker.accounting
        result.conntrackTCPBeLiberal = conntrackTCPBeLiberal ?? weaker.conntrackTCPBeLiberal
        return result
    }
}

/// Why options cannot be followed.
public struct OptionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The option as the user knows it, for example `--cluster-cidr` or `clusterCIDR`.
    public let option: String
    /// What is wrong and what would be right.
    public let reason: String

    /// Makes an error about an option.
    public init(_ option: String, _ reason: String) {
        self.option = option
        self.reason = reason
    }

    /// `OPTION: reason`.
    public var description: String { "\(option): \(reason)" }
}
