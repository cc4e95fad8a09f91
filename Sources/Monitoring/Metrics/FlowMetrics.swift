import ConnectionTracking
import CoreMetrics
import NetworkTypes

/// What is counted about flows whose endpoint is gone.
struct FlowMetrics: Sendable {
    private static let duration = MetricDefinition(
        "kubeproxy_conntrack_reconciler_sync_duration_seconds",
        .histogram(bounds: HistogramBounds.synchronization), help: "Time that a cleanup of flows took.",
        labels: ["ip_family"])
    private static let deleted = counter(
        "kubeproxy_conntrack_reconciler_deleted_entries_total", "Flows deleted because their endpoint is gone.")
    private static let refused = counter(
        "kubetables_stale_flows_refused_total", "Stale flows that the kernel would not delete.")
    private static let failures = counter(
        "kubetables_flow_cleanup_failures_total", "Cleanups that could not list the flows.")

    static let definitions = [duration, deleted, refused, failures]

    private static func counter(_ name: String, _ help: String) -> MetricDefinition {
        MetricDefinition(name, .counter, help: help, labels: ["ip_family"])
    }

    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory, _ families: [IPFamily]) {
        self.factory = factory
        for family in families.map(\.kubernetesName) {
            for counter in [Self.deleted, Self.refused, Self.failures] { _ = factory.counter(counter, family) }
        }
    }

    func count(_ report: StaleFlowCleanup.Report, _ family: IPFamily) {
        let family = family.kubernetesName
        factory.recorder(Self.duration, family).record(report.duration)
        factory.counter(Self.deleted, family).increment(by: report.deletion.deleted)
        factory.counter(Self.refused, family).increment(by: report.deletion.refused)
    }

    func countFailure(_ family: IPFamily) { factory.counter(Self.failures, family.kubernetesName).increment() }
}
