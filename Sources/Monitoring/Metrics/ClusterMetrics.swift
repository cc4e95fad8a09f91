import CoreMetrics
import NetworkTypes

/// What is counted about Services.
struct ClusterMetrics: Sendable {
    private static let missing = MetricDefinition(
        "kubeproxy_sync_proxy_rules_no_local_endpoints_total", .gauge,
        help: "Service ports with a Local traffic policy and no endpoint on this node.",
        labels: ["traffic_policy", "ip_family"])

    static let definitions = [missing]

    let factory: any MetricsFactory

    func set(_ counts: MissingLocalEndpoints, _ family: IPFamily) {
        factory.meter(Self.missing, "internal", family.kubernetesName).set(counts.internalPolicy)
        factory.meter(Self.missing, "external", family.kubernetesName).set(counts.externalPolicy)
    }
}
