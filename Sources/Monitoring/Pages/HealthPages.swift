/// The pages that probes and load balancers ask for, as kube-proxy has them on port 10256.
public struct HealthPages: Sendable {
    private let health: HealthRecord
    private let metrics: ProxyMetrics

    /// Makes the pages `/healthz` and `/livez`.
    ///
    /// - Parameters:
    ///   - health: knows how things are.
    ///   - metrics: counts the answers.
    public init(_ health: HealthRecord, metrics: ProxyMetrics) {
        self.health = health
        self.metrics = metrics
    }

    /// Answers a query.
    public func answer(_ query: HTTPServer.Query) -> HTTPAnswer {
        switch query.path {
        case "/healthz":
            let answer = health.report.healthz
            metrics.countHealthz(status: answer.status)
            return answer
        case "/livez":
            let answer = health.report.livez
            metrics.countLivez(status: answer.status)
            return answer
        default:
            return .notFound
        }
    }
}
