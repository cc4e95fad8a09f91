import HTTPServing
import PrometheusText

/// The pages for people and Prometheus, on the loopback address: those of kube-proxy on port 10249, and two more.
///
/// | path | answer |
/// | --- | --- |
/// | `/metrics` | all metrics |
/// | `/healthz` | `ok`, as long as the process answers |
/// | `/proxyMode` | `iptables` |
/// | `/configz` | the configuration in force, as JSON |
/// | `/rules` | the desired rules, as iptables-save text |
/// | `/plan` | the difference between the desired rules and the kernel |
///
/// The last two reveal much and cost much, so only clients on this machine get them, wherever the server listens.
package struct MetricsPages: Sendable {
    /// The text of a page, made for a request.
    package typealias Page = @Sendable () async throws -> String

    private let metrics: @Sendable () async -> MetricText
    private let configuration: Page
    private let rules: Page
    private let plan: Page

    /// A page that throws is answered with 503 and the error as text.
    ///
    /// - Parameter configuration: JSON for `/configz`.
    package init(
        metrics: @escaping @Sendable () async -> MetricText, configuration: @escaping Page, rules: @escaping Page,
        plan: @escaping Page
    ) {
        self.metrics = metrics
        self.configuration = configuration
        self.rules = rules
        self.plan = plan
    }

    package func answer(_ query: HTTPServer.Query) async -> HTTPAnswer {
        switch query.path {
        case "/metrics": HTTPAnswer(contentType: MetricText.contentType, body: await metrics().bytes)
        case "/healthz": .text("ok")
        case "/proxyMode": .text("iptables")
        case "/configz": await answer(configuration, HTTPAnswer.json)
        case "/rules", "/plan":
            if query.isLocal {
                await answer(query.path == "/plan" ? plan : rules, HTTPAnswer.text)
            } else {
                .text("\(query.path) is available to clients on this node only\n", status: 403)
            }
        default: .notFound
        }
    }

    private func answer(_ page: Page, _ wrap: (String, Int) -> HTTPAnswer) async -> HTTPAnswer {
        do {
            return wrap(try await page(), 200)
        } catch {
            return .text("\(error)\n", status: 503)
        }
    }
}
