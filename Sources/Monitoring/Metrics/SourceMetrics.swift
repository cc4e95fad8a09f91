import CoreMetrics
import KubernetesObjects

/// When the API server last said something, so that a node shows that goes on with what it was told long ago.
struct SourceMetrics: Sendable {
    private static let lastContact = MetricDefinition(
        "kubetables_api_last_contact_timestamp_seconds", .gauge,
        help: "When the API server last said something about the resource, be it that nothing has changed.",
        labels: ["resource"])

    static let definitions = [lastContact]

    let factory: any MetricsFactory

    func heard(of kind: KubernetesObject.Kind, at time: Timestamp) {
        factory.meter(Self.lastContact, kind.rawValue).set(time.secondsSince1970)
    }
}
