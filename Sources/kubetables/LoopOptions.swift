import ArgumentParser
import Monitoring
import ProxyConfiguration

/// kube-proxy's options as far as only a loop needs them.
struct LoopOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How often tables are looked at, and what failed is tried again. (default: 30s)", valueName: "duration"))
    var iptablesSyncPeriod: String?

    @Option(
        help: ArgumentHelp(
            "The shortest time from the end of one run to the next. (default: 1s)", valueName: "duration"))
    var iptablesMinSyncPeriod: String?

    @Option(
        help: ArgumentHelp(
            "Where /healthz and /livez are answered; empty for nowhere. (default: 0.0.0.0:10256)",
            valueName: "address:port"))
    var healthzBindAddress: String?

    @Option(
        help: ArgumentHelp(
            "Where /metrics, /rules, /plan and the like are served; empty for nowhere. (default: 127.0.0.1:10249)",
            valueName: "address:port"))
    var metricsBindAddress: String?

    @Option(
        help: ArgumentHelp(
            "What /metrics tells about traffic: of service ports and endpoints, of service ports only, or nothing.",
            valueName: "endpoints|services|off"))
    var trafficMetrics = TrafficDetail.endpoints

    @Option(
        help: ArgumentHelp(
            "Connections tracked at most, per CPU; 0 leaves the limit alone. (default: 32768)", valueName: "number"))
    var conntrackMaxPerCore: Int?

    @Option(
        help: ArgumentHelp(
            "Connections tracked at least, whatever is said per CPU. (default: 131072)", valueName: "number"))
    var conntrackMin: Int?

    @Option(
        help: ArgumentHelp(
            "How long idle TCP connections are tracked; 0 leaves it alone. (default: 24h)", valueName: "duration"))
    var conntrackTcpTimeoutEstablished: String?

    @Option(
        help: ArgumentHelp(
            "How long half-closed TCP connections are tracked; 0 leaves it alone. (default: 1h)",
            valueName: "duration"))
    var conntrackTcpTimeoutCloseWait: String?

    @Option(
        help: ArgumentHelp(
            "How long UDP flows without an answer are tracked; 0 leaves it alone. (default: 0s)",
            valueName: "duration"))
    var conntrackUdpTimeout: String?

    @Option(
        help: ArgumentHelp(
            "How long UDP flows with answers are tracked; 0 leaves it alone. (default: 0s)", valueName: "duration"))
    var conntrackUdpTimeoutStream: String?

    /// What the flags say.
    ///
    /// - Throws: `OptionError`.
    func proxyOptions() throws(OptionError) -> ProxyOptions {
        var options = ProxyOptions()
        options.syncPeriod = try duration(iptablesSyncPeriod, "--iptables-sync-period")
        options.minimumSyncPeriod = try duration(iptablesMinSyncPeriod, "--iptables-min-sync-period")
        if let text = healthzBindAddress {
            options.healthzBindAddress = try OptionParsing.bindAddress(
                text, defaultPort: BindAddress.healthzPort, option: "--healthz-bind-address")
        }
        if let text = metricsBindAddress {
            options.metricsBindAddress = try OptionParsing.bindAddress(
                text, defaultPort: BindAddress.metricsPort, option: "--metrics-bind-address")
        }
        if let count = conntrackMaxPerCore {
            options.conntrackMaxPerCore = try OptionParsing.count(count, option: "--conntrack-max-per-core")
        }
        if let count = conntrackMin {
            options.conntrackMin = try OptionParsing.count(count, option: "--conntrack-min")
        }
        options.conntrackTCPEstablishedTimeout = try duration(
            conntrackTcpTimeoutEstablished, "--conntrack-tcp-timeout-established")
        options.conntrackTCPCloseWaitTimeout = try duration(
            conntrackTcpTimeoutCloseWait, "--conntrack-tcp-timeout-close-wait")
        options.conntrackUDPTimeout = try duration(conntrackUdpTimeout, "--conntrack-udp-timeout")
        options.conntrackUDPStreamTimeout = try duration(conntrackUdpTimeoutStream, "--conntrack-udp-timeout-stream")
        return options
    }

    private func duration(_ text: String?, _ option: String) throws(OptionError) -> Duration? {
        guard let text else { return nil }
        return try OptionParsing.duration(text, option: option)
    }
}

extension TrafficDetail: ExpressibleByArgument {}
