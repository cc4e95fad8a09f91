import CoreMetrics
import KubernetesObjects
import NetworkTypes
import Proxy

/// When things happened, and how long changes of the cluster take to be in force.
struct TimeMetrics: Sendable {
    private static let synchronized = MetricDefinition(
        "kubeproxy_sync_proxy_rules_last_timestamp_seconds", .gauge, help: "When a sync last succeeded.",
        labels: ["ip_family"])
    private static let queued = MetricDefinition(
        "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", .gauge,
        help: "When a sync was last asked for; much later than the last sync if something hangs.", labels: ["ip_family"]
    )
    private static let networkProgramming = MetricDefinition(
        "kubeproxy_network_programming_duration_seconds", .histogram(bounds: HistogramBounds.networkProgramming),
        help: "Time from a change of a Service or pod until the rules for it were in force.", labels: ["ip_family"])

    static let definitions = [synchronized, queued, networkProgramming]

    let factory: any MetricsFactory

    func synchronized(_ synchronization: Synchronization, at time: Timestamp) {
        let family = synchronization.family.kubernetesName
        factory.meter(Self.synchronized, family).set(time.secondsSince1970)
        for trigger in synchronization.triggerTimes {
            // Another machine's clock may be ahead of ours.
            factory.recorder(Self.networkProgramming, family).record(max(.zero, trigger.duration(to: time)))
        }
    }

    func queued(_ family: IPFamily, at time: Timestamp) {
        factory.meter(Self.queued, family.kubernetesName).set(time.secondsSince1970)
    }
}
