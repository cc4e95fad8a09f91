// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import KubernetesAPI
import PrometheusText

/// The requests to the API server, under the names, labels and bounds of client-go's metrics
/// (component-base, metrics/prometheus/restclient).
///
/// As there, a request without an answer has the code `<error>`, and watches, which last as long as the server likes, have no
/// duration.
struct APIClientMetrics: Sendable {
    private let requests: CounterFamily
    private let durations: HistogramFamily

    /// All our requests read.
    private static let method = "GET"
    private static let failure = "<error>"

    init(_ registry: MetricRegistry) {
        requests = registry.counters(
            "rest_client_requests_total",
            help: "Requests to the API server, by HTTP status code (<error> without an answer), method and host.",
            labels: "code", "method", "host")
        durations = registry.histograms(
            "rest_client_request_duration_seconds", bounds: HistogramBounds.clientRequest,
            help: "Duration of requests to the API server that are not watches, by verb and host.",
            labels: "verb", "host")
    }

    func count(_ event: APIRequestEvent) {
        switch event.kind {
        case .answered(let status): requests["\(status)", Self.method, event.host].increment()
        case .failed: requests[Self.failure, Self.method, event.host].increment()
        case .ended(let duration): durations[Self.method, event.host].record(duration)
        }
    }
}

extension HistogramBounds {
    /// Seconds of a request, as client-go's metrics have them.
    static let clientRequest = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]
}
