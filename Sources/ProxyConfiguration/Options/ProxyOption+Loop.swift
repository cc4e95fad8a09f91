import Documents
import KubernetesObjects

/// What only a program that goes on running depends on.
extension ProxyOption {
    package static let mode = ProxyOption(
        flag: "proxy-mode", field: "mode",
        .word("mode", ["iptables"]) { "“\($0)” is not made here; write iptables, or leave it out" }, \.mode,
        standard: { _ in "iptables" }, help: "What is made of Services.", isFixedAtStart: true)
    package static let kubeconfig = ProxyOption(
        flag: "kubeconfig", field: "clientConnection.kubeconfig", .text("path"), \.kubeconfig,
        help: "How the Kubernetes API is reached, and as whom.", isFixedAtStart: true)

    package static let syncPeriod = ProxyOption(
        flag: "iptables-sync-period", field: "iptables.syncPeriod", .duration(zeroSaysNothing: true), \.syncPeriod,
        standard: { _ in ProxyOptions.standardSyncPeriod },
        help: "How often tables are looked at, and what failed is tried again.")
    package static let minimumSyncPeriod = ProxyOption(
        flag: "iptables-min-sync-period", field: "iptables.minSyncPeriod", .duration(zeroSaysNothing: true),
        \.minimumSyncPeriod, standard: { _ in ProxyOptions.standardMinimumSyncPeriod },
        help: "The shortest time from the end of one run to the next.")

    package static let healthzBindAddress = ProxyOption(
        flag: "healthz-bind-address", field: "healthzBindAddress", .bindAddress(defaultPort: BindAddress.healthzPort),
        \.healthzBindAddress, standard: { $0.effectiveHealthzBindAddress },
        help: "Where /healthz and /livez are answered; empty for nowhere.", isFixedAtStart: true)
    package static let metricsBindAddress = ProxyOption(
        flag: "metrics-bind-address", field: "metricsBindAddress", .bindAddress(defaultPort: BindAddress.metricsPort),
        \.metricsBindAddress, standard: { $0.effectiveMetricsBindAddress },
        help: "Where /metrics, /rules, /plan and the like are served; empty for nowhere.", isFixedAtStart: true)
    package static let healthzPort = oldPort("healthz", \.healthzPort, standard: BindAddress.healthzPort)
    package static let metricsPort = oldPort("metrics", \.metricsPort, standard: BindAddress.metricsPort)

    /// A flag that kube-proxy keeps for old command lines; the port in the default address wins over it there, too.
    private static func oldPort(
        _ server: String, _ property: any WritableKeyPath<ProxyOptions, Int?> & Sendable, standard: UInt16
    ) -> ProxyOption {
        ProxyOption(
            flag: "\(server)-port", field: nil, .integer("port", 0...65535), property,
            standard: { _ in Int(standard) },
            effect: .none(because: "only 0 counts, for nowhere; write --\(server)-bind-address ADDRESS:PORT"),
            isFixedAtStart: true, harmless: [.integer(0)])
    }

    package static let bindAddressHardFail = ProxyOption(
        flag: "bind-address-hard-fail", field: "bindAddressHardFail", .boolean, \.bindAddressHardFail,
        standard: { _ in true },
        help: "End if a port is taken; with false, as is usual for kube-proxy, serve and try again.",
        isFixedAtStart: true)
    package static let outOfMemoryScore = ProxyOption(
        flag: "oom-score-adj", field: "oomScoreAdj", .integer("number", -1000...1000), \.outOfMemoryScore,
        standard: { _ in ProxyOptions.standardOutOfMemoryScore },
        help: "How early the kernel ends this process when memory is short, -1000 to 1000.", isFixedAtStart: true)

    package static let logFormat = ProxyOption(
        flag: "logging-format", field: "logging.format",
        .word("format", ["text", "json"]) { "“\($0)” is unknown; it must be text or json" }, \.logFormat,
        standard: { _ in "text" }, help: "How lines of the log are written.", isFixedAtStart: true)
    package static let verbosity = ProxyOption(
        flag: "v", field: "logging.verbosity", .integer("level", 0...Int(Int32.max)), \.verbosity,
        standard: { _ in 0 },
        help: "How much is logged: 0 each synchronization, 4 also looks that found nothing, 6 everything.",
        isFixedAtStart: true)

    static let loop = [
        mode, kubeconfig, syncPeriod, minimumSyncPeriod, healthzBindAddress, metricsBindAddress, healthzPort,
        metricsPort,
        bindAddressHardFail, outOfMemoryScore, logFormat, verbosity,
    ]
}

/// How the kernel tracks connections.
extension ProxyOption {
    package static let conntrackMaxPerCore = ProxyOption(
        flag: "conntrack-max-per-core", field: "conntrack.maxPerCore", .connectionCount, \.conntrackMaxPerCore,
        standard: { _ in 32_768 }, help: "Connections tracked at most, per CPU; 0 leaves the limit alone.")
    package static let conntrackMin = ProxyOption(
        flag: "conntrack-min", field: "conntrack.min", .connectionCount, \.conntrackMin, standard: { _ in 131_072 },
        help: "Connections tracked at least, whatever is said per CPU.")
    package static let conntrackTCPEstablishedTimeout = ProxyOption(
        flag: "conntrack-tcp-timeout-established", field: "conntrack.tcpEstablishedTimeout", .duration(),
        \.conntrackTCPEstablishedTimeout, standard: { _ in .seconds(24 * 60 * 60) },
        help: "How long idle TCP connections are tracked; 0 leaves it alone.")
    package static let conntrackTCPCloseWaitTimeout = ProxyOption(
        flag: "conntrack-tcp-timeout-close-wait", field: "conntrack.tcpCloseWaitTimeout", .duration(),
        \.conntrackTCPCloseWaitTimeout, standard: { _ in .seconds(60 * 60) },
        help: "How long half-closed TCP connections are tracked; 0 leaves it alone.")
    package static let conntrackUDPTimeout = ProxyOption(
        flag: "conntrack-udp-timeout", field: "conntrack.udpTimeout", .duration(), \.conntrackUDPTimeout,
        standard: { _ in .zero }, help: "How long UDP flows without an answer are tracked; 0 leaves it alone.")
    package static let conntrackUDPStreamTimeout = ProxyOption(
        flag: "conntrack-udp-timeout-stream", field: "conntrack.udpStreamTimeout", .duration(),
        \.conntrackUDPStreamTimeout, standard: { _ in .zero },
        help: "How long UDP flows with answers are tracked; 0 leaves it alone.")

    static let connectionTracking = [
        conntrackMaxPerCore, conntrackMin, conntrackTCPEstablishedTimeout, conntrackTCPCloseWaitTimeout,
        conntrackUDPTimeout, conntrackUDPStreamTimeout,
    ]
}
