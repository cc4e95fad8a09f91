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

/// kube-proxy's options as far as kubetables follows them; `nil` where nothing was said.
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

    /// How often tables are looked at, and what failed is tried again (`--iptables-sync-period`).
    public var syncPeriod: Duration?
    /// The shortest time between two runs (`--iptables-min-sync-period`).
    public var minimumSyncPeriod: Duration?
    /// Connections tracked per CPU; 0 leaves the limit alone (`--conntrack-max-per-core`).
    public var conntrackMaxPerCore: Int?
    /// Connections tracked at least (`--conntrack-min`).
    public var conntrackMin: Int?
    /// How long an idle TCP connection is tracked; zero leaves it alone (`--conntrack-tcp-timeout-established`).
    public var conntrackTCPEstablishedTimeout: Duration?
    /// How long a half-closed TCP connection is tracked; zero leaves it alone (`--conntrack-tcp-timeout-close-wait`).
    public var conntrackTCPCloseWaitTimeout: Duration?
    /// How long a UDP flow without an answer is tracked; zero leaves it alone (`--conntrack-udp-timeout`).
    public var conntrackUDPTimeout: Duration?
    /// How long a UDP flow with answers is tracked; zero leaves it alone (`--conntrack-udp-timeout-stream`).
    public var conntrackUDPStreamTimeout: Duration?
    /// How the Kubernetes API is reached (`--kubeconfig`).
    public var kubeconfig: String?
    /// Where probes are answered (`--healthz-bind-address`).
    public var healthzBindAddress: BindAddress?
    /// Where metrics are served (`--metrics-bind-address`).
    public var metricsBindAddress: BindAddress?

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
        result.syncPeriod = syncPeriod ?? weaker.syncPeriod
        result.minimumSyncPeriod = minimumSyncPeriod ?? weaker.minimumSyncPeriod
        result.conntrackMaxPerCore = conntrackMaxPerCore ?? weaker.conntrackMaxPerCore
        result.conntrackMin = conntrackMin ?? weaker.conntrackMin
        result.conntrackTCPEstablishedTimeout = conntrackTCPEstablishedTimeout ?? weaker.conntrackTCPEstablishedTimeout
        result.conntrackTCPCloseWaitTimeout = conntrackTCPCloseWaitTimeout ?? weaker.conntrackTCPCloseWaitTimeout
        result.conntrackUDPTimeout = conntrackUDPTimeout ?? weaker.conntrackUDPTimeout
        result.conntrackUDPStreamTimeout = conntrackUDPStreamTimeout ?? weaker.conntrackUDPStreamTimeout
        result.kubeconfig = kubeconfig ?? weaker.kubeconfig
        result.healthzBindAddress = healthzBindAddress ?? weaker.healthzBindAddress
        result.metricsBindAddress = metricsBindAddress ?? weaker.metricsBindAddress
        return result
    }
}

extension ProxyOptions {
    /// How often tables are looked at, and what failed is tried again: what was said, or 30 s.
    public var effectiveSyncPeriod: Duration { syncPeriod ?? .seconds(30) }
    /// The shortest time between two runs: what was said, or 1 s.
    public var effectiveMinimumSyncPeriod: Duration { minimumSyncPeriod ?? .seconds(1) }

    /// Checks the periods against each other, as kube-proxy does.
    ///
    /// - Throws: ``OptionError``.
    public func validatePeriods() throws(OptionError) {
        guard effectiveSyncPeriod > .zero else {
            throw OptionError("--iptables-sync-period", "must be greater than 0, for example 30s")
        }
        guard effectiveMinimumSyncPeriod >= .zero, effectiveMinimumSyncPeriod <= effectiveSyncPeriod else {
            throw OptionError(
                "--iptables-min-sync-period", "must be from 0 to --iptables-sync-period (\(effectiveSyncPeriod))")
        }
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
