// SPDX-License-Identifier: Apache-2.0

/// What kube-proxy sets on a node so that Services work and the kernel can track their connections.
///
/// Names and defaults are kube-proxy's: `iptables.localhostNodePorts` and the fields of `conntrack` in a
/// KubeProxyConfiguration.
package struct TuningOptions: Sendable, Hashable {
    /// How many connections may be tracked per CPU; 0 leaves the limit alone (`conntrack.maxPerCore`).
    package var maxPerCore: Int
    /// How many connections may be tracked at least, if `maxPerCore` is not 0 (`conntrack.min`).
    package var minimum: Int
    /// How long an idle TCP connection stays tracked; zero leaves it alone (`conntrack.tcpEstablishedTimeout`).
    package var tcpEstablishedTimeout: Duration
    /// How long a half-closed TCP connection stays tracked; zero leaves it alone (`conntrack.tcpCloseWaitTimeout`).
    package var tcpCloseWaitTimeout: Duration
    /// Whether packets outside of the TCP window are let through; `false` leaves it alone (`conntrack.tcpBeLiberal`).
    package var tcpBeLiberal: Bool
    /// How long a UDP flow without an answer stays tracked; zero leaves it alone (`conntrack.udpTimeout`).
    package var udpTimeout: Duration
    /// How long a UDP flow with answers stays tracked; zero leaves it alone (`conntrack.udpStreamTimeout`).
    package var udpStreamTimeout: Duration
    /// Whether node ports answer on IPv4 loopback addresses, which must be routed for it; `false` leaves it alone.
    package var localhostNodePorts: Bool

    /// Chooses what to set; by default what kube-proxy sets.
    ///
    /// Durations count in whole seconds, rounded down; less than a second is as zero.
    package init(
        maxPerCore: Int = 32_768, minimum: Int = 131_072, tcpEstablishedTimeout: Duration = .seconds(24 * 60 * 60),
        tcpCloseWaitTimeout: Duration = .seconds(60 * 60), tcpBeLiberal: Bool = false, udpTimeout: Duration = .zero,
        udpStreamTimeout: Duration = .zero, localhostNodePorts: Bool = true
    ) {
        self.maxPerCore = maxPerCore
        self.minimum = minimum
        self.tcpEstablishedTimeout = tcpEstablishedTimeout
        self.tcpCloseWaitTimeout = tcpCloseWaitTimeout
        self.tcpBeLiberal = tcpBeLiberal
        self.udpTimeout = udpTimeout
        self.udpStreamTimeout = udpStreamTimeout
        self.localhostNodePorts = localhostNodePorts
    }

    /// The most connections that scaling with the number of CPUs leads to.
    static let scaledLimit = 1_048_576

    /// The desired limit of tracked connections; `nil` leaves the limit alone.
    ///
    /// As kube-proxy has it (pkg/proxy/conntrack/sysctls.go): per CPU, but at least `minimum` and at most 1,048,576.
    func maximum(processorCount: Int) -> Int? {
        guard maxPerCore > 0 else { return nil }
        let (scaled, overflow) = maxPerCore.multipliedReportingOverflow(by: processorCount)
        if overflow || scaled > Self.scaledLimit { return Self.scaledLimit }
        return max(scaled, minimum)
    }
}
