// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Options of a program that keeps running.
extension ProxyOption {
    package static let mode = ProxyOption(
        flag: "proxy-mode", field: "mode",
        .choice("mode", ["iptables"], noun: "proxy mode"), \.mode,
        defaultValue: { _ in "iptables" }, help: "How Services are implemented.", isFixedAtStart: true)
    package static let kubeconfig = ProxyOption(
        flag: "kubeconfig", field: "clientConnection.kubeconfig", .text("path"), \.kubeconfig,
        help: "The kubeconfig file: address of the Kubernetes API, and credentials.", isFixedAtStart: true)

    package static let syncPeriod = ProxyOption(
        flag: "iptables-sync-period", field: "iptables.syncPeriod", .duration(zeroMeansDefault: true), \.syncPeriod,
        defaultValue: { _ in ProxyOptions.defaultSyncPeriod },
        help: "How often the tables are checked for drift, and failed synchronizations retried.")
    package static let minimumSyncPeriod = ProxyOption(
        flag: "iptables-min-sync-period", field: "iptables.minSyncPeriod", .duration(zeroMeansDefault: true),
        \.minimumSyncPeriod, defaultValue: { _ in ProxyOptions.defaultMinimumSyncPeriod },
        help: "The shortest time between two synchronizations.")

    package static let manifestRemovalDelay = ProxyOption(
        flag: "manifest-removal-delay", field: "kubetables.manifestRemovalDelay", .duration(), \.manifestRemovalDelay,
        defaultValue: { _ in ProxyOptions.defaultManifestRemovalDelay },
        help: "How long an object must be missing in the manifests before its rules are removed; 0s for at once.",
        isFixedAtStart: true)

    package static let healthzBindAddress = ProxyOption(
        flag: "healthz-bind-address", field: "healthzBindAddress", .bindAddress(defaultPort: BindAddress.healthzPort),
        \.healthzBindAddress, defaultValue: { $0.effectiveHealthzBindAddress },
        help: "Address and port for /healthz, /livez and /readyz; empty disables them.", isFixedAtStart: true)
    package static let metricsBindAddress = ProxyOption(
        flag: "metrics-bind-address", field: "metricsBindAddress", .bindAddress(defaultPort: BindAddress.metricsPort),
        \.metricsBindAddress, defaultValue: { $0.effectiveMetricsBindAddress },
        help: "Address and port for /metrics, /rules, /plan and other pages; empty disables them.", isFixedAtStart: true
    )
    package static let socket = ProxyOption(
        flag: "socket", field: "kubetables.socket", .text("path"), \.socket,
        help: "The Unix socket for commands that ask this program (get, top, status …); none disables it. (default: "
            + "/run/kubetables/kubetables.sock)",
        isFixedAtStart: true)
    package static let healthzPort = oldPort("healthz", \.healthzPort, defaultValue: BindAddress.healthzPort)
    package static let metricsPort = oldPort("metrics", \.metricsPort, defaultValue: BindAddress.metricsPort)

    /// A flag that kube-proxy keeps for old command lines; the port in the default address overrides it there, too.
    private static func oldPort(
        _ server: String, _ property: any WritableKeyPath<ProxyOptions, Int?> & Sendable, defaultValue: UInt16
    ) -> ProxyOption {
        ProxyOption(
            flag: "\(server)-port", field: nil, .integer("port", noun: "port", 0...65535), property,
            defaultValue: { _ in Int(defaultValue) },
            effect: .none(because: "only 0 has one, it disables the server; use --\(server)-bind-address ADDRESS:PORT"),
            isFixedAtStart: true, valuesWithoutWarning: [.integer(0)])
    }

    package static let bindAddressHardFail = ProxyOption(
        flag: "bind-address-hard-fail", field: "bindAddressHardFail", .boolean, \.bindAddressHardFail,
        defaultValue: { _ in true },
        help: "Exit if a port is already in use; with false, as is usual for kube-proxy, keep running and retry.",
        isFixedAtStart: true)
    package static let outOfMemoryScore = ProxyOption(
        flag: "oom-score-adj", field: "oomScoreAdj", .integer("number", noun: "score", -1000...1000),
        \.outOfMemoryScore,
        defaultValue: { _ in ProxyOptions.defaultOutOfMemoryScore },
        help: "The out-of-memory score adjustment of this process, -1000 to 1000.", isFixedAtStart: true)

    package static let logFormat = ProxyOption(
        flag: "logging-format", field: "logging.format",
        .choice("format", ["text", "json"], noun: "log format"), \.logFormat,
        defaultValue: { _ in "text" }, help: "The format of log lines.", isFixedAtStart: true)
    package static let verbosity = ProxyOption(
        flag: "v", field: "logging.verbosity", .integer("level", noun: "level", 0...Int(Int32.max)), \.verbosity,
        defaultValue: { _ in 0 },
        help: "The log level: 0 each synchronization, 4 also checks that found no drift, 6 everything.",
        isFixedAtStart: true)

    static let loop = [
        mode, kubeconfig, syncPeriod, minimumSyncPeriod, manifestRemovalDelay, healthzBindAddress, metricsBindAddress,
        socket, healthzPort, metricsPort,
        bindAddressHardFail, outOfMemoryScore, logFormat, verbosity,
    ]
}

/// Options of the kernel's connection tracking.
extension ProxyOption {
    package static let conntrackMaxPerCore = ProxyOption(
        flag: "conntrack-max-per-core", field: "conntrack.maxPerCore", .connectionCount, \.conntrackMaxPerCore,
        defaultValue: { _ in 32_768 },
        help: "Maximum number of tracked connections per CPU; 0 leaves the limit unchanged.")
    package static let conntrackMin = ProxyOption(
        flag: "conntrack-min", field: "conntrack.min", .connectionCount, \.conntrackMin, defaultValue: { _ in 131_072 },
        help: "Minimum number of tracked connections, regardless of the number of CPUs.")
    package static let conntrackTCPEstablishedTimeout = ProxyOption(
        flag: "conntrack-tcp-timeout-established", field: "conntrack.tcpEstablishedTimeout", .duration(),
        \.conntrackTCPEstablishedTimeout, defaultValue: { _ in .seconds(24 * 60 * 60) },
        help: "How long idle TCP connections are tracked; 0 leaves the kernel's value.")
    package static let conntrackTCPCloseWaitTimeout = ProxyOption(
        flag: "conntrack-tcp-timeout-close-wait", field: "conntrack.tcpCloseWaitTimeout", .duration(),
        \.conntrackTCPCloseWaitTimeout, defaultValue: { _ in .seconds(60 * 60) },
        help: "How long half-closed TCP connections are tracked; 0 leaves the kernel's value.")
    package static let conntrackUDPTimeout = ProxyOption(
        flag: "conntrack-udp-timeout", field: "conntrack.udpTimeout", .duration(), \.conntrackUDPTimeout,
        defaultValue: { _ in .zero },
        help: "How long UDP flows without an answer are tracked; 0 leaves the kernel's value.")
    package static let conntrackUDPStreamTimeout = ProxyOption(
        flag: "conntrack-udp-timeout-stream", field: "conntrack.udpStreamTimeout", .duration(),
        \.conntrackUDPStreamTimeout, defaultValue: { _ in .zero },
        help: "How long UDP flows with answers are tracked; 0 leaves the kernel's value.")

    static let connectionTracking = [
        conntrackMaxPerCore, conntrackMin, conntrackTCPEstablishedTimeout, conntrackTCPCloseWaitTimeout,
        conntrackUDPTimeout, conntrackUDPStreamTimeout,
    ]
}
