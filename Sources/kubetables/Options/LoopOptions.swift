import ArgumentParser
import Monitoring
import ProxyConfiguration

/// kube-proxy's options as far as only a loop needs them.
struct LoopOptions: ParsableArguments {
    @Option(.syncPeriod) var syncPeriod: Setting?
    @Option(.minimumSyncPeriod) var minimumSyncPeriod: Setting?
    @Option(.mode) var mode: Setting?
    @Option(.healthzBindAddress) var healthzBindAddress: Setting?
    @Option(.metricsBindAddress) var metricsBindAddress: Setting?

    @Option(
        help: ArgumentHelp(
            "What /metrics tells about traffic: of service ports and endpoints, of service ports only, or nothing.",
            valueName: "endpoints|services|off"))
    var trafficMetrics = TrafficDetail.endpoints

    @Option(.bindAddressHardFail) var bindAddressHardFail: Setting?
    @Option(.outOfMemoryScore) var outOfMemoryScore: Setting?
    @Option(.logFormat) var logFormat: Setting?
    @Option(.verbosity) var verbosity: Setting?
}

/// kube-proxy's options about the kernel's table of connections.
struct ConnectionTrackingOptions: ParsableArguments {
    @Option(.conntrackMaxPerCore) var maxPerCore: Setting?
    @Option(.conntrackMin) var minimum: Setting?
    @Option(.conntrackTCPEstablishedTimeout) var tcpEstablishedTimeout: Setting?
    @Option(.conntrackTCPCloseWaitTimeout) var tcpCloseWaitTimeout: Setting?
    @Option(.conntrackUDPTimeout) var udpTimeout: Setting?
    @Option(.conntrackUDPStreamTimeout) var udpStreamTimeout: Setting?
}

extension TrafficDetail: ExpressibleByArgument {}
