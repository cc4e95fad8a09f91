import CoreMetrics

/// How probes were answered.
struct ProbeMetrics: Sendable {
    private static let healthz = MetricDefinition(
        "kubeproxy_proxy_healthz_total", .counter, help: "Answers of /healthz, by status code.", labels: ["code"])
    private static let livez = MetricDefinition(
        "kubeproxy_proxy_livez_total", .counter, help: "Answers of /livez, by status code.", labels: ["code"])

    static let definitions = [healthz, livez]

    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        for page in Self.definitions {
            for code in ["200", "503"] { _ = factory.counter(page, code) }
        }
    }

    func countHealthz(_ status: Int) { factory.counter(Self.healthz, "\(status)").increment() }
    func countLivez(_ status: Int) { factory.counter(Self.livez, "\(status)").increment() }
}
