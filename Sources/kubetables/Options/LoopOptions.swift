// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Monitoring
import ProxyConfiguration

/// kube-proxy's options that only `run` needs.
struct LoopOptions: ParsableArguments {
    @Option(.syncPeriod) var syncPeriod: FlagValue?
    @Option(.minimumSyncPeriod) var minimumSyncPeriod: FlagValue?
    @Option(.mode) var mode: FlagValue?
    @Option(.healthzBindAddress) var healthzBindAddress: FlagValue?
    @Option(.metricsBindAddress) var metricsBindAddress: FlagValue?
    @Option(.socket) var socket: FlagValue?

    @Option(
        help: ArgumentHelp(
            "The traffic metrics: for service ports and endpoints, the same with bytes of first packets, for service ports "
                + "only, or none.",
            valueName: "endpoints|bytes|services|off"))
    var trafficMetrics = TrafficDetail.endpoints

    @Option(.bindAddressHardFail) var bindAddressHardFail: FlagValue?
    @Option(.outOfMemoryScore) var outOfMemoryScore: FlagValue?
    @Option(.logFormat) var logFormat: FlagValue?
    @Option(.verbosity) var verbosity: FlagValue?
}

/// Options for endpoints that refuse connections or do not answer.
struct FailureOptions: ParsableArguments {
    @Option(.retryTimeout) var retryTimeout: FlagValue?
    @Option(.failedEndpointDelay) var failedEndpointDelay: FlagValue?
    @Option(.ejectsOutliers) var ejectOutliers: FlagValue?
    @Option(.ejectionConsecutiveFailures) var ejectionConsecutiveFailures: FlagValue?
    @Option(.ejectionBaseTime) var ejectionBaseTime: FlagValue?
    @Option(.ejectionMaxTime) var ejectionMaxTime: FlagValue?
    @Option(.ejectionMaxPercent) var ejectionMaxPercent: FlagValue?
}

/// kube-proxy's options for the kernel's connection tracking.
struct ConnectionTrackingOptions: ParsableArguments {
    @Option(.conntrackMaxPerCore) var maxPerCore: FlagValue?
    @Option(.conntrackMin) var minimum: FlagValue?
    @Option(.conntrackTCPEstablishedTimeout) var tcpEstablishedTimeout: FlagValue?
    @Option(.conntrackTCPCloseWaitTimeout) var tcpCloseWaitTimeout: FlagValue?
    @Option(.conntrackUDPTimeout) var udpTimeout: FlagValue?
    @Option(.conntrackUDPStreamTimeout) var udpStreamTimeout: FlagValue?
}

extension TrafficDetail: ExpressibleByArgument {}
