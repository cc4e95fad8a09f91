import NetworkTypes

/// What is counted about Services.
struct ClusterMetrics: Sendable {
    private let missing: Gauge

    init(_ registry: MetricRegistry) {
        missing = registry.gauge(
            "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
            help: "Service ports with a Local traffic policy and no endpoint on this node.",
            labels: ["traffic_policy", "ip_family"])
    }

    func set(_ counts: MissingLocalEndpoints, _ family: IPFamily) {
        missing.set(counts.internalPolicy, "internal", family.kubernetesName)
        missing.set(counts.externalPolicy, "external", family.kubernetesName)
    }
}
