// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// kube-proxy's options; `nil` where an option is not set.
///
/// Flags and configuration files both fill one of these, as ``ProxyOption`` describes; ``overriding(_:)`` combines them, and
/// ``settings(node:interfaceAddresses:)`` makes the compiler's settings of them.
public struct ProxyOptions: Sendable, Hashable {
    /// The node's name (`--hostname-override`).
    package var hostname: String?
    /// The node's addresses (`--node-ip`); if not set, those of its Node object.
    package var nodeIPs: [IPAddress]?
    /// The node's labels (`--node-labels`); if not set, those of its Node object.
    package var nodeLabels: [String: String]?
    /// The ranges pods get their addresses from, at most one of each family (`--cluster-cidr`).
    package var clusterCIDRs: [CIDR]?
    /// How traffic from pods of this node is recognized (`--detect-local-mode`); by default ``DetectLocalMode/clusterCIDR``.
    package var detectLocalMode: DetectLocalMode?
    /// The bridge that the node's pods are attached to (`--pod-bridge-interface`).
    package var podBridgeInterface: String?
    /// The prefix of the names of the pods' interfaces (`--pod-interface-name-prefix`).
    package var podInterfaceNamePrefix: String?
    /// Whether all traffic to cluster IPs is masqueraded (`--masquerade-all`).
    package var masqueradeAll: Bool?
    /// The bit of the packet mark, 0–31 (`--iptables-masquerade-bit`).
    package var masqueradeBit: Int?
    /// Whether node ports are served on 127.0.0.0/8 (`--iptables-localhost-nodeports`).
    package var localhostNodePorts: Bool?
    /// The addresses that serve node ports (`--nodeport-addresses`).
    package var nodePortAddresses: NodePortAddresses?
    /// The addresses of the node's interfaces (`--interface-addresses`).
    package var interfaceAddresses: [IPAddress]?
    /// Whether packets are counted at nfnetlink accounting objects (`--nfacct`).
    package var accounting: Bool?
    /// Whether the kernel lets packets outside of the TCP window pass (`--conntrack-tcp-be-liberal`).
    package var conntrackTCPBeLiberal: Bool?
    /// How the rules are laid out (`--rule-layout`); by default as kube-proxy does.
    package var ruleLayout: RuleLayoutKind?
    /// How Services with session affinity get it, unless they say it themselves (`--session-affinity-mode`); by default as the
    /// layout does.
    package var affinityMode: AffinityMode?
    /// How new connections are spread over endpoints, unless a Service decides it (`--balance`).
    package var balance: BalancePolicy?
    /// Whether connections that fail are balanced again, unless a Service decides it (`--retry-connections`).
    package var retriesConnections: Bool?
    /// Whether our jumps in built-in chains are moved ahead of foreign rules again (`--keep-jumps-first`).
    package var keepJumpsFirst: Bool?

    /// How often the tables are checked for drift, and failed synchronizations retried (`--iptables-sync-period`).
    package var syncPeriod: Duration?
    /// The shortest time between two synchronizations (`--iptables-min-sync-period`).
    package var minimumSyncPeriod: Duration?
    /// How long an object must be missing in manifests before it counts as gone (`--manifest-removal-delay`).
    package var manifestRemovalDelay: Duration?
    /// The number of tracked connections per CPU; 0 leaves the limit unchanged (`--conntrack-max-per-core`).
    package var conntrackMaxPerCore: Int?
    /// The minimum number of tracked connections (`--conntrack-min`).
    package var conntrackMin: Int?
    /// How long an idle TCP connection is tracked; zero leaves it unchanged (`--conntrack-tcp-timeout-established`).
    package var conntrackTCPEstablishedTimeout: Duration?
    /// How long a half-closed TCP connection is tracked; zero leaves it unchanged (`--conntrack-tcp-timeout-close-wait`).
    package var conntrackTCPCloseWaitTimeout: Duration?
    /// How long a UDP flow without an answer is tracked; zero leaves it unchanged (`--conntrack-udp-timeout`).
    package var conntrackUDPTimeout: Duration?
    /// How long a UDP flow with answers is tracked; zero leaves it unchanged (`--conntrack-udp-timeout-stream`).
    package var conntrackUDPStreamTimeout: Duration?
    /// How long the first packet of a connection can be without an answer until it is balanced again (`--retry-timeout`).
    package var retryTimeout: Duration?
    /// How long an endpoint that has just failed is avoided (`--failed-endpoint-delay`).
    package var failedEndpointDelay: Duration?
    /// Whether endpoints that fail again and again are ejected, unless a Service decides it (`--eject-outliers`).
    package var ejectsOutliers: Bool?
    /// How many connections in a row must fail for an ejection (`--ejection-consecutive-failures`).
    package var ejectionConsecutiveFailures: Int?
    /// How long the first ejection takes (`--ejection-base-time`).
    package var ejectionBaseTime: Duration?
    /// How long an ejection takes at most (`--ejection-max-time`).
    package var ejectionMaxTime: Duration?
    /// How many of a service port's endpoints can be ejected at once, in percent (`--ejection-max-percent`).
    package var ejectionMaxPercent: Int?
    /// `iptables` (`--proxy-mode`).
    package var mode: String?
    /// The path of the kubeconfig file (`--kubeconfig`).
    package var kubeconfig: String?
    /// The node's primary address, unless it is 0.0.0.0 or ::; its family is the one that the servers listen on by default
    /// (`--bind-address`).
    package var bindAddress: IPAddress?
    /// Whether the program exits if a server cannot listen; otherwise it retries (`--bind-address-hard-fail`).
    package var bindAddressHardFail: Bool?
    /// The address and port for probes (`--healthz-bind-address`).
    package var healthzBindAddress: BindAddress?
    /// The address and port for metrics (`--metrics-bind-address`).
    package var metricsBindAddress: BindAddress?
    /// The path of the Unix socket for commands of this node, or ``noSocket`` (`--socket`).
    package var socket: String?
    /// An old flag: 0 disables probes unless an address is set (`--healthz-port`).
    package var healthzPort: Int?
    /// An old flag: 0 disables metrics unless an address is set (`--metrics-port`).
    package var metricsPort: Int?
    /// The out-of-memory score adjustment of this process, -1000 to 1000 (`--oom-score-adj`).
    package var outOfMemoryScore: Int?
    /// The format of the log, `text` or `json` (`--logging-format`).
    package var logFormat: String?
    /// The log level (`-v`).
    package var verbosity: Int?
    /// The values of options without an effect here, as a file has them, by their fields or flags.
    var valuesWithoutEffect: [String: DocumentValue] = [:]

    /// Options of which none is set.
    package init() {}

    /// These options and, where they are not set, those of `weaker`.
    package func overriding(_ weaker: ProxyOptions) -> ProxyOptions {
        var result = weaker
        for option in ProxyOption.all where option.isSet(in: self) { option.copy(from: self, to: &result) }
        return result
    }

    /// These options, with those of `current` that a running program cannot change.
    ///
    /// - Returns: the options, and the names of those that differ from `current` and need a restart.
    package func keepingFixedOptions(of current: ProxyOptions) -> (options: ProxyOptions, needRestart: [String]) {
        var result = self
        var names: [String] = []
        for option in ProxyOption.all where option.isFixedAtStart {
            if option.value(in: self) != option.value(in: current) { names.append(option.name) }
            option.copy(from: current, to: &result)
        }
        return (result, names)
    }

    /// Warnings about values that have no effect here.
    package var warnings: [String] { ProxyOption.all.compactMap { $0.warning(in: self) } }
}

extension ProxyOptions {
    /// How often the tables are checked for drift, and failed synchronizations retried: 30 s by default.
    package var effectiveSyncPeriod: Duration { syncPeriod ?? Self.defaultSyncPeriod }
    /// The shortest time between two synchronizations: 1 s by default.
    package var effectiveMinimumSyncPeriod: Duration { minimumSyncPeriod ?? Self.defaultMinimumSyncPeriod }

    /// How long an object must be missing in manifests before it counts as gone: 2 s by default.
    package var effectiveManifestRemovalDelay: Duration { manifestRemovalDelay ?? Self.defaultManifestRemovalDelay }

    /// Whether our jumps in built-in chains are moved ahead of foreign rules again; by default they stay where they are.
    package var keepsJumpsFirst: Bool { keepJumpsFirst ?? false }

    static let defaultManifestRemovalDelay = Duration.seconds(2)
    static let defaultSyncPeriod = Duration.seconds(30)
    static let defaultMinimumSyncPeriod = Duration.seconds(1)
    static let defaultMasqueradeBit = 14
    static let defaultOutOfMemoryScore = -999

    /// The out-of-memory score adjustment of this process: -999 by default.
    package var effectiveOutOfMemoryScore: Int { outOfMemoryScore ?? Self.defaultOutOfMemoryScore }

    /// The address and port for probes: all addresses and port 10256 by default.
    package var effectiveHealthzBindAddress: BindAddress {
        healthzBindAddress ?? (healthzPort == 0 ? .none : .defaultHealthz(serverFamily))
    }

    /// The address and port for metrics: loopback and port 10249 by default.
    package var effectiveMetricsBindAddress: BindAddress {
        metricsBindAddress ?? (metricsPort == 0 ? .none : .defaultMetrics(serverFamily))
    }

    /// What stands for no Unix socket: in files, an empty text is one that is not set.
    static let noSocket = "none"

    /// The path of the Unix socket for commands of this node; `nil` for none.
    ///
    /// - Parameter path: that of a node whose options have none.
    package func socketPath(default path: String) -> String? { socket == Self.noSocket ? nil : socket ?? path }

    private var serverFamily: IPFamily { bindAddress?.family ?? .ipv4 }

    /// Checks the periods against each other, as kube-proxy does.
    package func validatePeriods() throws(OptionError) {
        guard effectiveSyncPeriod > .zero else {
            throw OptionError(ProxyOption.syncPeriod.name, "must be greater than 0, for example 30s")
        }
        guard effectiveMinimumSyncPeriod >= .zero, effectiveMinimumSyncPeriod <= effectiveSyncPeriod else {
            throw OptionError(
                ProxyOption.minimumSyncPeriod.name,
                "must not be greater than the sync period (\(DurationText.text(effectiveSyncPeriod)))")
        }
    }
}
