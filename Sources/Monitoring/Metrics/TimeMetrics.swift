/// When things happened, and how long changes of the cluster take to be in force.
struct TimeMetrics: Sendable {
    let lastSynchronized: Gauge
    let lastQueued: Gauge
    let networkProgramming: Histogram

    init(_ registry: MetricRegistry) {
        lastSynchronized = registry.gauge(
            "kubeproxy_sync_proxy_rules_last_timestamp_seconds", help: "When a sync last succeeded.",
            labels: ["ip_family"])
        lastQueued = registry.gauge(
            "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
            help: "When a sync was last asked for; much later than the last sync if something hangs.",
            labels: ["ip_family"])
        networkProgramming = registry.histogram(
            "kubeproxy_network_programming_duration_seconds",
            help: "Time from a change of a Service or pod until the rules for it were in force.",
            labels: ["ip_family"], bounds: HistogramBounds.networkProgramming)
    }
}
