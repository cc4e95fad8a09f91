import ConnectionTracking
import NetworkTypes

/// What is counted about flows whose endpoint is gone.
struct FlowMetrics: Sendable {
    private let duration: Histogram
    private let kubeProxyDeleted: Counter
    private let deleted: Counter
    private let refused: Counter
    private let failures: Counter

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        let counter = { (name: String, help: String) in
            registry.counter(name, help: help, labels: ["ip_family"])
        }
        duration = registry.histogram(
            "kubeproxy_conntrack_reconciler_sync_duration_seconds", help: "Time that a cleanup of flows took.",
            labels: ["ip_family"], bounds: HistogramBounds.synchronization)
        kubeProxyDeleted = counter(
            "kubeproxy_conntrack_reconciler_deleted_entries_total", "Flows deleted because their endpoint is gone.")
        deleted = counter(
            "kubetables_stale_flows_deleted_total", "Flows deleted because their endpoint is gone.")
        refused = counter("kubetables_stale_flows_refused_total", "Stale flows that the kernel would not delete.")
        failures = counter("kubetables_flow_cleanup_failures_total", "Cleanups that could not list the flows.")
        for family in families {
            for counter in [kubeProxyDeleted, deleted, refused, failures] { counter.add(0, family.kubernetesName) }
        }
    }

    func count(_ report: StaleFlowCleanup.Report, _ family: IPFamily) {
        duration.observe(report.duration, family.kubernetesName)
        kubeProxyDeleted.add(report.deletion.deleted, family.kubernetesName)
        deleted.add(report.deletion.deleted, family.kubernetesName)
        refused.add(report.deletion.refused, family.kubernetesName)
    }

    func countFailure(_ family: IPFamily) { failures.add(1, family.kubernetesName) }
}
