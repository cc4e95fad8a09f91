// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import PrometheusText
import Proxy

/// Everything that `/metrics` serves.
///
/// Its registry knows every family, because only defined families can be written: documentation and the tests of alerts
/// and dashboard read ``families``, and no other list of metrics is kept.
package struct ServedMetrics: Sendable {
    /// Counts what happens in the loop.
    package let proxy: ProxyMetrics
    /// Follows the counters of the rules; `nil` if they are not served.
    package let traffic: TrafficMonitor?
    private let process: ProcessMetrics
    private let log: LogMetrics
    private let registry = MetricRegistry()

    /// - Parameters:
    ///   - families: the families whose rules are kept in sync.
    ///   - detail: which traffic metrics there are.
    ///   - backend: reads what the rules have counted.
    ///   - logWriter: counts the lines that it drops.
    package init(
        families: [IPFamily] = IPFamily.allCases, traffic detail: TrafficDetail = .endpoints,
        backend: any RuleBackend, logWriter: LogWriter = .standardError
    ) {
        proxy = ProxyMetrics(registry, families: families)
        traffic =
            detail == .off
            ? nil
            : TrafficMonitor(registry, detail, families: families) { family throws(KernelFailure) in
                try TrafficReading(backend, family)
            }
        process = ProcessMetrics(registry)
        log = LogMetrics(registry, logWriter)
    }

    /// Every family that can be served, by name, whether or not it has series now.
    package var families: [MetricFamily] { registry.families }

    /// The page now; reads the counters of the rules if that was not done within a second.
    package func text() async -> MetricText {
        var text = registry.text
        if let usage = ProcessUsage.now { process.write(usage, to: &text) }
        log.write(to: &text)
        return await traffic?.write(after: text) ?? text
    }
}
