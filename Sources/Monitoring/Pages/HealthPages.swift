// SPDX-License-Identifier: Apache-2.0

import HTTPServing

/// The pages for probes and load balancers on port 10256: `/healthz` and `/livez` as kube-proxy serves them, and `/readyz`.
package struct HealthPages: Sendable {
    private let health: HealthRecord
    private let metrics: ProxyMetrics

    /// - Parameter metrics: counts the responses.
    package init(_ health: HealthRecord, metrics: ProxyMetrics) {
        self.health = health
        self.metrics = metrics
    }

    package func answer(_ query: HTTPServer.Query) -> HTTPAnswer {
        switch query.path {
        case "/healthz":
            let answer = health.report.healthz
            metrics.countHealthz(status: answer.status)
            return answer
        case "/livez":
            let answer = health.report.livez
            metrics.countLivez(status: answer.status)
            return answer
        case "/readyz":
            return health.readyz
        default:
            return .notFound
        }
    }
}
