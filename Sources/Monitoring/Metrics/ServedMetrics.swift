// SPDX-License-Identifier: Apache-2.0

import Inspection
import KernelTables
import NetworkTypes
import PrometheusText
import Proxy

/// Everything that `/metrics` and `/metrics/slis` serve.
///
/// Its registries know every family, because only defined families can be written: documentation and the tests of alerts
/// and dashboard read ``families``, and no other list of metrics is kept.
package struct ServedMetrics: Sendable {
    /// Counts what happens in the loop.
    package let proxy: ProxyMetrics
    /// Follows the counters of the rules; `nil` if they are not served.
    package let traffic: TrafficMonitor?
    /// Counts health checks, for `/metrics/slis`.
    package let healthChecks = HealthCheckMetrics()
    private let states: StateMetrics
    private let process: ProcessMetrics
    private let log: LogMetrics
    private let registry = MetricRegistry()

    /// - Parameters:
    ///   - families: the families whose rules are kept in sync.
    ///   - detail: which traffic metrics there are.
    ///   - backend: reads what the rules have counted.
    ///   - build: the version of this program.
    ///   - logWriter: counts the lines that it drops.
    package init(
        families: [IPFamily] = IPFamily.allCases, traffic detail: TrafficDetail = .endpoints,
        backend: any RuleBackend, build: BuildInfo, logWriter: LogWriter = .standardError
    ) {
        build.publish(registry)
        proxy = ProxyMetrics(registry, families: families)
        traffic =
            detail == .off
            ? nil
            : TrafficMonitor(registry, detail, families: families) { family throws(KernelFailure) in
                try TrafficReading(backend, family)
            }
        states = StateMetrics(registry)
        process = ProcessMetrics(registry)
        log = LogMetrics(registry, logWriter)
    }

    /// Every family that can be served, by name, whether or not it has series now.
    package var families: [MetricFamily] {
        (registry.families + healthChecks.families).sorted { $0.name < $1.name }
    }

    /// The page `/metrics` now; reads the counters of the rules if that was not done within a second.
    ///
    /// - Parameter counts: the states of Services and endpoints; `nil` if they are not known.
    package func text(_ counts: StateCounts? = nil) async -> MetricText {
        var text = registry.text
        if let counts { states.write(counts, to: &text) }
        if let usage = ProcessUsage.now { process.write(usage, to: &text) }
        log.write(to: &text)
        return await traffic?.write(after: text) ?? text
    }
}
