/// The pages for people and Prometheus, on the loopback address: kube-proxy's on port 10249, and two of ours.
///
/// | path | what |
/// | --- | --- |
/// | `/metrics` | all metrics |
/// | `/healthz` | `ok`, as long as the process answers |
/// | `/proxyMode` | `iptables` |
/// | `/configz` | the configuration in force, as JSON |
/// | `/rules` | the rules that shall be in the kernel, as iptables-save prints them |
/// | `/plan` | what would be changed in the kernel now |
///
/// The last two show much and cost much, so only clients on this machine get them, wherever the server listens.
public struct MetricsPages: Sendable {
    /// Makes the text of a page when it is asked for.
    public typealias Page = @Sendable () async throws -> String

    private let metrics: @Sendable () async -> MetricText
    private let configuration: Page
    private let rules: Page
    private let plan: Page

    /// Makes the pages; a page that throws is answered with 503 and the error in words.
    ///
    /// - Parameters:
    ///   - metrics: all metrics.
    ///   - configuration: JSON for `/configz`.
    ///   - rules: text for `/rules`.
    ///   - plan: text for `/plan`.
    public init(
        metrics: @escaping @Sendable () async -> MetricText, configuration: @escaping Page, rules: @escaping Page,
        plan: @escaping Page
    ) {
        self.metrics = metrics
        self.configuration = configuration
        self.rules = rules
        self.plan = plan
    }

    /// Answers a query.
    public func answer(_ query: HTTPServer.Query) async -> HTTPAnswer {
        switch query.path {
        case "/metrics": HTTPAnswer(contentType: MetricText.contentType, body: await metrics().bytes)
        case "/healthz": .text("ok")
        case "/proxyMode": .text("iptables")
        case "/configz": await answer(configuration, HTTPAnswer.json)
        case "/rules", "/plan":
            if query.isLocal {
                await answer(query.path == "/plan" ? plan : rules, HTTPAnswer.text)
            } else {
                .text("only clients on this node may see \(query.path)\n", status: 403)
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
