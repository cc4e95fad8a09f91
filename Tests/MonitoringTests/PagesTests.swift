// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import HTTPServing
import Logging
import Monitoring
import NetworkTypes
import PrometheusText
import TestSupport
import Testing

@Suite("Pages") struct PagesTests {
    /// Serves pages while `body` runs, which gets the port.
    private func serving(_ respond: @escaping HTTPServer.Respond, _ body: (UInt16) async throws -> Void) async throws {
        let server = try await HTTPServer.bind(.anyLocal, logger: .silent, respond: respond)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            try await body(server.address.port)
            group.cancelAll()
        }
    }

    private func body(_ answer: HTTPAnswer) -> String { String(decoding: answer.body, as: UTF8.self) }

    @Test("probes are answered over HTTP with kube-proxy's headers, and counted")
    func probes() async throws {
        let registry = MetricRegistry()
        let record = HealthRecord(syncPeriod: .seconds(30))
        let pages = HealthPages(record, metrics: ProxyMetrics(registry))
        try await serving({ pages.answer($0) }) { port in
            let answer = try #require(await Wire.ask(port, "/healthz"))
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == "application/json")
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
            #expect(answer.body.hasPrefix(#"{"lastUpdated":""#))
            record.setNodeEligible(false)
            #expect(await Wire.ask(port, "/healthz", method: "HEAD")?.status == 503)
            #expect(await Wire.ask(port, "/livez")?.status == 200)
            #expect(await Wire.ask(port, "/livez?verbose")?.status == 200)
            #expect(await Wire.ask(port, "/other")?.status == 404)
            let ready = try #require(await Wire.ask(port, "/readyz"))
            #expect(ready.status == 503)
            #expect(
                ready.body.hasPrefix("not ready\nIPv4: no rules have been applied yet: waiting for a complete list"))
        }
        let text = body(HTTPAnswer(contentType: "", PageContent(pieces: registry.text.pieces)))
        #expect(text.contains("\nkubeproxy_proxy_healthz_total{code=\"200\"} 1\n"))
        #expect(text.contains("\nkubeproxy_proxy_healthz_total{code=\"503\"} 1\n"))
        #expect(text.contains("\nkubeproxy_proxy_livez_total{code=\"200\"} 2\n"))
    }

    @Test("rules and plan are for clients on this machine only")
    func distance() async {
        let pages = MetricsPages(
            metrics: { MetricText() }, configuration: { "{}" }, rules: { PageContent("rules") },
            plan: { PageContent("plan") }, problems: ProblemRecord())
        func status(_ path: String, _ isLocal: Bool) async -> Int {
            await pages.answer(HTTPServer.Query(path: path, isLocal: isLocal)).status
        }
        for path in ["/rules", "/plan", "/problems"] {
            #expect(await status(path, true) == 200)
            #expect(await status(path, false) == 403)
        }
        for path in ["/metrics", "/healthz", "/proxyMode", "/configz"] { #expect(await status(path, false) == 200) }
    }

    @Test("a request of /healthz counts as a successful check in /metrics/slis, and nowhere else")
    func healthChecks() async {
        let pages = MetricsPages(
            metrics: { MetricText() }, configuration: { "{}" }, rules: { PageContent() }, plan: { PageContent() },
            problems: ProblemRecord())
        func page(_ path: String) async -> HTTPAnswer { await pages.answer(HTTPServer.Query(path: path)) }
        #expect(await body(page("/metrics/slis")) == "")
        for _ in 0..<3 { #expect(await body(page("/healthz")) == "ok") }
        let answer = await page("/metrics/slis")
        #expect(answer.header("Content-Type") == MetricText.contentType)
        #expect(
            body(answer) == """
                # HELP kubernetes_healthcheck Result of the last run of a health check: 1 if it succeeded, else 0.
                # TYPE kubernetes_healthcheck gauge
                kubernetes_healthcheck{name="ping",type="healthz"} 1
                # HELP kubernetes_healthchecks_total Results of health checks.
                # TYPE kubernetes_healthchecks_total counter
                kubernetes_healthchecks_total{name="ping",status="success",type="healthz"} 3

                """)
        for path in ["/statusz", "/flagz"] { #expect(await page(path).status == 404) }

        func reset(isLocal: Bool) async -> HTTPAnswer {
            await pages.answer(HTTPServer.Query(path: "/metrics/slis", isReset: true, isLocal: isLocal))
        }
        #expect(await reset(isLocal: false).status == 403)
        #expect(await body(page("/metrics/slis")).contains("} 3\n"))
        let afterwards = await reset(isLocal: true)
        #expect(afterwards.status == 200 && body(afterwards) == "metrics reset\n")
        #expect(await body(page("/metrics/slis")) == "")
        _ = await page("/healthz")
        #expect(await body(page("/metrics/slis")).contains("} 1\n"))
    }

    @Test("parameters that a page does not have, or has once, are refused")
    func parameters() async {
        let pages = MetricsPages(
            metrics: { MetricText() }, configuration: { "{}" }, rules: { PageContent("rules") },
            plan: { PageContent("plan") }, problems: ProblemRecord())
        for (path, names, text) in [
            ("/rules", ["service"], "unknown parameter \"service\" (supported: none)\n"),
            ("/plan", ["format"], "unknown parameter \"format\" (supported: none)\n"),
            ("/problems", ["Format"], "unknown parameter \"Format\" (supported: format)\n"),
            ("/problems", ["format"], "unsupported format \"xml\" (supported: text, json)\n"),
            ("/problems", ["format", "format"], "the parameter \"format\" occurs more than once; pass it once\n"),
        ] {
            let query = HTTPServer.Query(path: path, parameters: names.map { .init(name: $0, value: "xml") })
            let answer = await pages.answer(query)
            #expect(answer.status == 400 && body(answer) == text, "\(body(answer))")
        }
    }

    private struct NotYet: Error, CustomStringConvertible {
        let description = "no rules yet"
    }

    @Test("metrics, mode, configuration, rules and plan have pages; one that cannot be made shows the cause")
    func metrics() async throws {
        let registry = MetricRegistry()
        registry.counters("a_total", help: "All.")[].increment()
        let pages = MetricsPages(
            metrics: { registry.text }, configuration: { "{}" }, rules: { throw NotYet() },
            plan: { PageContent("nothing\n") }, problems: ProblemRecord())
        try await serving({ await pages.answer($0) }) { port in
            let metrics = try #require(await Wire.ask(port, "/metrics"))
            #expect(metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.body == "# HELP a_total All.\n# TYPE a_total counter\na_total 1\n")
            #expect(await Wire.ask(port, "/healthz")?.body == "ok")
            #expect(await Wire.ask(port, "/proxyMode")?.body == "iptables")
            #expect(await Wire.ask(port, "/configz")?.headers["Content-Type"] == "application/json")
            #expect(await Wire.ask(port, "/plan")?.body == "nothing\n")
            #expect(await Wire.ask(port, "/problems")?.body.hasPrefix("out of sync: 2\n  IPv4: since ") == true)
            for request in [("?format=json", ""), ("", "Accept: application/json\r\n")] {
                let answer = await Wire.ask(port, "/problems\(request.0)", headers: request.1)
                #expect(answer?.headers["Content-Type"] == "application/json")
                #expect(answer?.body.contains(#""outOfSync" : ["#) == true)
            }
            #expect(
                await Wire.ask(port, "/problems?format=text", headers: "Accept: application/json\r\n")?.body.first
                    == "o")
            let rules = try #require(await Wire.ask(port, "/rules"))
            #expect(rules.status == 503)
            #expect(rules.body == "no rules yet\n")
            #expect(await Wire.ask(port, "/debug/pprof/")?.status == 404)
        }
    }
}
