// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Inspection
import Messages
import PrometheusText

/// The pages for people and Prometheus, on the loopback address: those of kube-proxy on port 10249, and more.
///
/// | path | answer |
/// | --- | --- |
/// | `/metrics` | all metrics |
/// | `/metrics/slis` | how health checks ended, as all Kubernetes components serve it; DELETE resets it, from the node only |
/// | `/healthz` | `ok`, as long as the process answers |
/// | `/proxyMode` | `iptables` |
/// | `/configz` | the configuration in force, as JSON |
/// | `/statusz`, `/flagz` | version and age of the program, and its flags |
/// | `/rules` | the desired rules, as iptables-save text |
/// | `/plan` | the difference between the desired rules and the kernel; with parameters, as commands ask for it |
/// | `/problems` | what is not as it should be; as JSON with `?format=json` or `Accept: application/json` |
/// | `/v1/…` | reports, for the commands of the same names (``ReportPages``) |
/// | `/`, `/page/…` | what shows these reports in a browser (``WebPage``) |
///
/// All from `/rules` on reveal much or cost much, so only clients on this machine get them, wherever the server listens
/// (``NodeOnly``).
package struct MetricsPages: Sendable {
    /// Makes the text of a page for a request.
    package typealias Page = @Sendable () async throws -> String
    /// Makes a page that may be large.
    package typealias LargePage = @Sendable () async throws -> PageContent
    /// Answers a request with parameters.
    package typealias Report = @Sendable (HTTPServer.Query) async -> HTTPAnswer

    private let metrics: SharedPage
    private let configuration: Page
    private let rules: SharedPage
    private let plan: SharedPage
    private let planReport: Report?
    private let planRoom = ReportRoom()
    private let onRelease: @Sendable () -> Void
    private let problemText: SharedPage
    private let problemJSON: SharedPage
    private let reports: ReportPages?
    private let zPages: ZPages?
    private let healthChecks: HealthCheckMetrics

    /// A scraper waits ten seconds by default.
    private static let scrapePatience = Duration.seconds(5)

    /// A page that throws is answered with 503 and the error as text.
    ///
    /// - Parameters:
    ///   - configuration: JSON for `/configz`.
    ///   - planReport: answers `/plan` with parameters; `nil` if they have no effect.
    ///   - reports: answers paths below `/v1/`; `nil` if there are none, and no page for browsers either.
    ///   - zPages: answers `/statusz` and `/flagz`; `nil` if they are not served.
    ///   - healthChecks: counts the requests of `/healthz`.
    ///   - onRelease: called when a large page is no longer in memory.
    package init(
        metrics: @escaping @Sendable () async -> MetricText, configuration: @escaping Page, rules: @escaping LargePage,
        plan: @escaping LargePage, planReport: Report? = nil, problems: ProblemRecord, reports: ReportPages? = nil,
        zPages: ZPages? = nil, healthChecks: HealthCheckMetrics = HealthCheckMetrics(),
        onRelease: @escaping @Sendable () -> Void = {}
    ) {
        self.reports = reports
        self.zPages = zPages
        self.healthChecks = healthChecks
        self.metrics = SharedPage(patience: Self.scrapePatience, onRelease: onRelease) {
            HTTPAnswer(contentType: MetricText.contentType, PageContent(pieces: await metrics().pieces))
        }
        self.configuration = configuration
        self.rules = SharedPage(onRelease: onRelease) { .text(try await rules()) }
        self.plan = SharedPage(onRelease: onRelease) { .text(try await plan()) }
        self.planReport = planReport
        self.onRelease = onRelease
        problemText = SharedPage(onRelease: onRelease) { problems.text }
        problemJSON = SharedPage(onRelease: onRelease) { try problems.json }
    }

    package func answer(_ query: HTTPServer.Query) async -> HTTPAnswer {
        switch query.path {
        case "/metrics": await answer { try await metrics.answer() }
        case "/metrics/slis": await healthCheckPage(query)
        case "/healthz": ping()
        case "/proxyMode": .text("iptables")
        case "/configz": await answer { .json(try await configuration()) }
        case "/statusz": zPages?.statusz(query.accept, paths: Self.paths) ?? .notFound
        case "/flagz": await zPages?.flagz(query.accept) ?? .notFound
        case "/rules": await answer(query) { try await rules.answer() }
        case "/plan": await planAnswer(query)
        case "/problems":
            await answer(query, ["format"]) { parameters in
                let format = try parameters.word("format", of: ["text", "json"])
                let isJSON = parameters["format"] == nil ? query.acceptsJSON : format == "json"
                return try await (isJSON ? problemJSON : problemText).answer()
            }
        default: await report(query)
        }
    }

    /// The paths that `/statusz` lists.
    private static let paths = [
        "/", "/configz", "/flagz", "/healthz", "/metrics", "/metrics/slis", "/plan", "/problems", "/proxyMode",
        "/rules", "/statusz", "/v1",
    ]

    /// The paths that may be reset.
    package static let resettable: Set<String> = ["/metrics/slis"]

    private func healthCheckPage(_ query: HTTPServer.Query) async -> HTTPAnswer {
        guard query.isReset else {
            return HTTPAnswer(contentType: MetricText.contentType, PageContent(pieces: healthChecks.text.pieces))
        }
        return await NodeOnly.answer(query) {
            healthChecks.reset()
            return .text("metrics reset\n")
        }
    }

    private func planAnswer(_ query: HTTPServer.Query) async -> HTTPAnswer {
        guard !query.parameters.isEmpty, let planReport else {
            return await answer(query) { try await plan.answer() }
        }
        return await NodeOnly.answer(query) {
            await answer {
                let answer = await planReport(query)
                return answer.content.isLarge ? planRoom.admit(answer, onRelease: onRelease) : answer
            }
        }
    }

    private func ping() -> HTTPAnswer {
        healthChecks.countPing()
        return .text("ok")
    }

    /// A report, or the page that shows them.
    private func report(_ query: HTTPServer.Query) async -> HTTPAnswer {
        guard let reports else { return .notFound }
        if let page = WebPage.answer(query.path) { return await NodeOnly.answer(query) { page } }
        guard reports.has(query.path) else { return .notFound }
        return await NodeOnly.answer(query) { await reports.answer(query) }
    }

    private func answer(_ query: HTTPServer.Query, _ page: () async throws -> HTTPAnswer) async -> HTTPAnswer {
        await answer(query, []) { _ in try await page() }
    }

    /// A page with parameters of these names.
    private func answer(
        _ query: HTTPServer.Query, _ names: [String], _ page: (InquiryParameters) async throws -> HTTPAnswer
    ) async -> HTTPAnswer {
        await NodeOnly.answer(query) {
            await answer {
                let parameters = InquiryParameters(query.parameters.map { .init(name: $0.name, value: $0.value) })
                do {
                    try parameters.check(names)
                    return try await page(parameters)
                } catch InquiryFailure.invalid(let text) {
                    return .text(MessageText.line(text) + "\n", status: 400)
                }
            }
        }
    }

    private func answer(_ page: () async throws -> HTTPAnswer) async -> HTTPAnswer {
        do {
            return try await page()
        } catch {
            return .text(MessageText.line("\(error)") + "\n", status: 503)
        }
    }
}

extension HTTPServer.Query {
    fileprivate var acceptsJSON: Bool { accept.contains("application/json") }
}
