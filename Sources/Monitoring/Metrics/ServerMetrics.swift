// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import HTTPServing
import NetworkTypes
import PrometheusText

/// The HTTP servers: which listeners for health checks there are, and what is refused to clients.
struct ServerMetrics: Sendable {
    private let listeners: GaugeFamily
    private let refusals: CounterFamily

    init(_ registry: MetricRegistry) {
        listeners = registry.gauges(
            "kubetables_health_check_listeners",
            help: "Listeners on health check node ports: listening, failed, or refused for lack of descriptors.",
            labels: "ip_family", "state")
        refusals = registry.counters(
            "kubetables_http_refusals_total",
            help: "HTTP clients that the server refused or disconnected, by reason.", labels: "reason")
        for reason in HTTPRefusal.allCases { _ = refusals[reason.rawValue] }
    }

    func set(_ counts: ServiceHealthServers.Counts, _ family: IPFamily) {
        let family = family.kubernetesName
        listeners[family, "listening"].set(counts.listening)
        listeners[family, "failed"].set(counts.failed)
        listeners[family, "refused"].set(counts.refused)
    }

    func count(_ refusal: HTTPRefusal) { refusals[refusal.rawValue].increment() }
}
