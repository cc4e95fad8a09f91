// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import PrometheusText

/// The page `/metrics/slis`: how health checks ended, under the names of component-base (metrics/prometheus/slis).
///
/// As in kube-proxy, the only one is `ping`, the check of `/healthz` on the port of metrics: each request runs it. The probes
/// on the other port are counted in `/metrics`.
package struct HealthCheckMetrics: Sendable {
    private let registry = MetricRegistry()
    private let result: GaugeFamily
    private let results: CounterFamily

    private static let check = "ping"
    private static let page = "healthz"
    private static let success = "success"

    package init() {
        result = registry.gauges(
            "kubernetes_healthcheck", help: "Result of the last run of a health check: 1 if it succeeded, else 0.",
            labels: "name", "type")
        results = registry.counters(
            "kubernetes_healthchecks_total", help: "Results of health checks.", labels: "name", "status", "type")
    }

    /// Every family of the page.
    package var families: [MetricFamily] { registry.families }

    /// The page now; empty before the first request of `/healthz`.
    package var text: MetricText { registry.text }

    /// Begins anew, as kube-proxy does on DELETE (component-base, metrics/http.go, HandlerWithReset).
    package func reset() { registry.reset() }

    /// Counts a request of `/healthz` that was answered.
    package func countPing() {
        result[Self.check, Self.page].set(1)
        results[Self.check, Self.success, Self.page].increment()
    }
}
