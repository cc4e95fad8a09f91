import CoreMetrics
import NetworkTypes
import Proxy
import ServiceModel
import Synchronization

/// What is counted about the objects of the cluster.
final class ClusterMetrics: Sendable {
    private static let missing = MetricDefinition(
        "kubeproxy_sync_proxy_rules_no_local_endpoints_total", .gauge,
        help: "Service ports with a Local traffic policy and no endpoint on this node.",
        labels: ["traffic_policy", "ip_family"])
    private static let endpointChanges = MetricDefinition(
        "kubeproxy_sync_proxy_rules_endpoint_changes_total", .counter, help: "Changes of EndpointSlices so far.")
    private static let serviceChanges = MetricDefinition(
        "kubeproxy_sync_proxy_rules_service_changes_total", .counter, help: "Changes of Services so far.")
    private static let endpointChangesPending = MetricDefinition(
        "kubeproxy_sync_proxy_rules_endpoint_changes_pending", .gauge,
        help: "Changes of EndpointSlices that are not in force yet.")
    private static let serviceChangesPending = MetricDefinition(
        "kubeproxy_sync_proxy_rules_service_changes_pending", .gauge,
        help: "Changes of Services that are not in force yet.")

    static let definitions = [missing, endpointChanges, serviceChanges, endpointChangesPending, serviceChangesPending]

    private let factory: any MetricsFactory
    private let pending = Mutex<[IPFamily: ChangeCounts]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        count(ChangeCounts())
        write([ChangeCounts()])
    }

    func set(_ counts: MissingLocalEndpoints, _ family: IPFamily) {
        factory.meter(Self.missing, "internal", family.kubernetesName).set(counts.internalPolicy)
        factory.meter(Self.missing, "external", family.kubernetesName).set(counts.externalPolicy)
    }

    func count(_ changes: ChangeCounts) {
        factory.counter(Self.endpointChanges).increment(by: changes.endpoints)
        factory.counter(Self.serviceChanges).increment(by: changes.services)
    }

    /// There is one number for both families, so the family that waits for more is told.
    func setPending(_ counts: ChangeCounts, _ family: IPFamily) {
        pending.withLock { pending in
            pending[family] = counts
            write(Array(pending.values))
        }
    }

    private func write(_ pending: [ChangeCounts]) {
        factory.meter(Self.endpointChangesPending).set(pending.map(\.endpoints).max() ?? 0)
        factory.meter(Self.serviceChangesPending).set(pending.map(\.services).max() ?? 0)
    }
}
