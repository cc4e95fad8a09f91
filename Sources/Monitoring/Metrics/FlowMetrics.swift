// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import CoreMetrics
import NetworkTypes
import PrometheusText

/// What is counted about flows whose endpoint no longer exists.
struct FlowMetrics: Sendable {
    private let duration: HistogramFamily
    private let deleted: CounterFamily
    private let refused: CounterFamily
    private let failures: CounterFamily

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        duration = registry.histograms(
            "kubeproxy_conntrack_reconciler_sync_duration_seconds", bounds: HistogramBounds.synchronization,
            help: "Duration of cleanups of stale flows.", labels: "ip_family")
        deleted = registry.counters(
            "kubeproxy_conntrack_reconciler_deleted_entries_total",
            help: "Flows deleted because their endpoint no longer exists.", labels: "ip_family")
        refused = registry.counters(
            "kubetables_stale_flows_refused_total", help: "Stale flows that the kernel refused to delete.",
            labels: "ip_family")
        failures = registry.counters(
            "kubetables_flow_cleanup_failures_total", help: "Cleanups of stale flows that could not list the flows.",
            labels: "ip_family")
        for family in families.map(\.kubernetesName) {
            for counter in [deleted, refused, failures] { _ = counter[family] }
        }
    }

    func count(_ report: StaleFlowCleanup.Report, _ family: IPFamily) {
        let family = family.kubernetesName
        duration[family].record(report.duration)
        deleted[family].increment(by: report.deletion.deleted + report.connections.deleted)
        refused[family].increment(by: report.deletion.refused + report.connections.refused)
    }

    func countFailure(_ family: IPFamily) { failures[family.kubernetesName].increment() }
}
