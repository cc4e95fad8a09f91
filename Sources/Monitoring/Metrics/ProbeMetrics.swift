// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import PrometheusText

/// How probes were answered.
struct ProbeMetrics: Sendable {
    private let healthz: CounterFamily
    private let livez: CounterFamily

    init(_ registry: MetricRegistry) {
        healthz = registry.counters(
            "kubeproxy_proxy_healthz_total", help: "Responses of /healthz, by status code.", labels: "code")
        livez = registry.counters(
            "kubeproxy_proxy_livez_total", help: "Responses of /livez, by status code.", labels: "code")
        for page in [healthz, livez] {
            for code in ["200", "503"] { _ = page[code] }
        }
    }

    func countHealthz(_ status: Int) { healthz["\(status)"].increment() }
    func countLivez(_ status: Int) { livez["\(status)"].increment() }
}
