import Documents
import KubernetesObjects
import NetworkTypes
import RuleCompiler

/// kube-proxy's options; `nil` where nothing was said.
///
/// Flags and configuration files both fill one of these, as ``ProxyOption`` tells; ``overriding(_:)`` puts them on top of
/// each other, and ``settings(node:interfaceAddresses:)`` turns them into what the compiler needs.
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
    /// What is made of Services: iptables rules (`--proxy-mode`).
    public var mode: String?
    /// How the Kubernetes API is reached (`--kubeconfig`).
    public var kubeconfig: String?
    /// The node's primary address, unless it stands for all; its family decides where the servers listen by default
    /// (`--bind-address`).
    public var bindAddress: IPAddress?
    /// Whether the program ends if a server cannot listen; otherwise it is tried again (`--bind-address-hard-fail`).
    public var bindAddressHardFail: Bool?
    /// Where probes are answered (`--healthz-bind-address`).
    public var healthzBindAddress: BindAddress?
    /// Where metrics are served (`--metrics-bind-address`).
    public var metricsBindAddress: BindAddress?
    /// 0 if probes are answered nowhere unless an address is given, by an old flag (`--healthz-port`).
    public var healthzPort: Int?
    /// 0 if metrics are served nowhere unless an address is given, by an old flag (`--metrics-port`).
    public var metricsPort: Int?
    /// How early the kernel kills this process when memory is short, -1000 to 1000 (`--oom-score-adj`).
    public var outOfMemoryScore: Int?
    /// How lines of the log are written, `text` or `json` (`--logging-format`).
    public var logFormat: String?
    /// How much is logged (`-v`).
    public var verbosity: Int?
    /// What was said about options that nothing depends on here, as a file has it, by their fields or flags.
    var kept: [String: DocumentValue] = [:]

    /// Makes options of which nothing is said yet.
    public init() {}

    /// These options and, where nothing is said in them, those of `weaker`.
    public func overriding(_ weaker: ProxyOptions) -> ProxyOptions {
        var result = weaker
        for option in ProxyOption.all where option.isSaid(in: self) { option.copy(from: self, to: &result) }
        return result
    }

    /// These options, but those that a running program keeps as they are in `current`.
    ///
    /// - Returns: the options, and the names of those that would have been others.
    public func keeping(_ current: ProxyOptions) -> (options: ProxyOptions, kept: [String]) {
        var result = self
        var names: [String] = []
        for option in ProxyOption.all where option.isFixedAtStart {
            if option.value(in: self) != option.value(in: current) { names.append(option.name) }
            option.copy(from: current, to: &result)
        }
        return (result, names)
    }

    /// What to tell about values that have no effect here.
    public var warnings: [String] { ProxyOption.all.compactMap { $0.warning(in: self) } }
}

extension ProxyOptions {
    /// How often tables are looked at, and what failed is tried again: what was said, or 30 s.
    public var effectiveSyncPeriod: Duration { syncPeriod ?? Self.standardSyncPeriod }
    /// The shortest time between two runs: what was said, or 1 s.
    public var effectiveMinimumSyncPeriod: Duration { minimumSyncPeriod ?? Self.standardMinimumSyncPeriod }

    static let standardSyncPeriod = Duration.seconds(30)
    static let standardMinimumSyncPeriod = Duration.seconds(1)
    static let standardMasqueradeBit = 14
    static let standardOutOfMemoryScore = -999

    /// How early the kernel ends this process when memory is short: what was said, or -999.
    public var effectiveOutOfMemoryScore: Int { outOfMemoryScore ?? Self.standardOutOfMemoryScore }

    /// Where probes are answered: what was said, or everywhere on port 10256.
    public var effectiveHealthzBindAddress: BindAddress {
        healthzBindAddress ?? (healthzPort == 0 ? .none : .standardHealthz(serverFamily))
    }

    /// Where metrics are served: what was said, or on this machine on port 10249.
    public var effectiveMetricsBindAddress: BindAddress {
        metricsBindAddress ?? (metricsPort == 0 ? .none : .standardMetrics(serverFamily))
    }

    private var serverFamily: IPFamily { bindAddress?.family ?? .ipv4 }

    /// Checks the periods against each other, as kube-proxy does.
    ///
    /// - Throws: ``OptionError``.
    public func validatePeriods() throws(OptionError) {
        guard effectiveSyncPeriod > .zero else {
            throw OptionError(ProxyOption.syncPeriod.name, "must be greater than 0, for example 30s")
        }
        guard effectiveMinimumSyncPeriod >= .zero, effectiveMinimumSyncPeriod <= effectiveSyncPeriod else {
            throw OptionError(
                ProxyOption.minimumSyncPeriod.name,
                "must be from 0 to the sync period (\(DurationText.text(effectiveSyncPeriod)))")
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
