// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Inspection
import KubernetesObjects
import NetworkTypes
import PrometheusText
import Proxy
import RuleCompiler
import ServiceModel
import TestSupport
import Testing

@testable import Monitoring

@Suite("Pages with reports") struct ReportPagesTests {
    private func pages(_ state: InspectedState) -> ReportPages { ReportPages(version: "1.2.3", state: { _ in state }) }

    private func answer(
        _ path: String, _ parameters: [(String, String)] = [], _ state: InspectedState = SampleReports.state()
    ) async -> (status: Int, text: String, type: String?, version: String?) {
        let query = HTTPServer.Query(path: path, parameters: parameters.map { .init(name: $0.0, value: $0.1) })
        let answer = await pages(state).answer(query)
        return (
            answer.status, String(decoding: answer.body, as: UTF8.self), answer.header("Content-Type"),
            answer.header(ReportPages.versionHeader)
        )
    }

    @Test("answer each inquiry in each form, with the version of the program")
    func forms() async {
        // Events and syncs are kept by a loop; this state has none.
        let kept = [EventInquiry.path, SyncHistoryInquiry.path]
        for inquiry in Inquiries.all where !kept.contains(inquiry.path) {
            for format in ReportFormat.allCases {
                let needed = [("subject", "web-0"), ("from", "192.0.2.1"), ("to", "10.96.0.1:81")]
                let found = await answer(
                    inquiry.path,
                    [("output", format.rawValue)] + needed.filter { inquiry.parameterNames.contains($0.0) })
                #expect(found.status == 200, "\(inquiry.path) \(found.text)")
                let isPicture = inquiry.path == GraphInquiry.path && [.table, .wide].contains(format)
                let types: [ReportFormat: String] = [.json: "application/json", .yaml: "application/yaml"]
                #expect(found.type == (isPicture ? "image/svg+xml" : types[format] ?? "text/plain; charset=utf-8"))
                #expect(found.version == "1.2.3")
            }
        }
        #expect(await answer("/v1/services").text.contains("web-0:80"))
        #expect(await answer("/v1/services", [("output", "json")]).text.contains(#""kind": "ServiceList""#))
    }

    @Test("refuse what makes no sense or is not there, and wait for rules")
    func refusals() async {
        #expect(await answer("/v1/explain").status == 400)
        let unknown = await answer("/v1/services", [("name", "x")])
        #expect(unknown.status == 404 && unknown.text == "there is no Service x\n" && unknown.version == "1.2.3")
        let format = await answer("/v1/services", [("output", "xml")])
        #expect(format.status == 400 && format.text.contains("(supported: table, wide, json, yaml)"))
        let early = await answer("/v1/services", [], SampleReports.state(hasRules: false))
        #expect(early.status == 503 && early.text == "no rules yet: Services and endpoints are not known\n")
        #expect(await answer("/v1/status", [], SampleReports.state(hasRules: false)).status == 200)
        let page = await answer("/v1/other")
        #expect(page.status == 404 && page.version == nil)
    }

    @Test("refuse parameters that they do not have, or have once, and name them")
    func parameters() async {
        let state = SampleReports.state()
        for inquiry in Inquiries.all {
            let names = inquiry.parameterNames + ReportOutput.parameterNames
            for name in ["nmae", "Output", ""] {
                let unknown = await answer(inquiry.path, [("output", "json"), (name, "x")], state)
                let text = "unknown parameter \"\(name)\" (supported: \(names.joined(separator: ", ")))\n"
                #expect(unknown.status == 400 && unknown.text == text, "\(unknown)")
                #expect(unknown.version == "1.2.3")
            }
            for name in names where name != "name" {
                let repeated = await answer(inquiry.path, [(name, "json"), (name, "json")], state)
                let text = "the parameter \"\(name)\" occurs more than once; pass it once\n"
                #expect(repeated.status == 400 && repeated.text == text, "\(name) \(repeated)")
            }
            #expect(await answer(inquiry.path, [("color", "red")], state).status == 400)
        }
    }

    @Test("accept all parameters of commands")
    func ownParameters() async throws {
        let services = ServiceSelection(namespace: "default", names: ["web-0", "web-1"])
        let inquiries: [any Inquiry] = [
            ServiceInquiry(services), EndpointInquiry(services), ExplanationInquiry("web-0", namespace: "default"),
            GraphInquiry("web-0", namespace: "default", format: .svg),
            EventInquiry(after: 1, since: Timestamp(seconds: 1), service: ServiceName(name: "web-0")),
            TraceInquiry(from: "192.0.2.1", to: "10.96.0.1:81", interface: "eth0", state: "new", isLive: true),
            TopServiceInquiry(TopSelection(services, limit: 1)), TopEndpointInquiry(TopSelection(services, limit: 1)),
            StatusInquiry(), SyncHistoryInquiry(),
        ]
        #expect(inquiries.count == Inquiries.all.count)
        for inquiry in inquiries {
            let parameters = inquiry.parameters + ReportOutput(.json, hasColors: true).parameters
            try parameters.check(type(of: inquiry).parameterNames + ReportOutput.parameterNames)
            let names = Set(inquiry.parameters.all.map(\.name)).union(["drawn"])
            #expect(names.isSuperset(of: type(of: inquiry).parameterNames), "\(inquiry)")
        }
    }

    @Test("are for clients on this machine only")
    func distance() async {
        let pages = MetricsPages(
            metrics: { .init() }, configuration: { "{}" }, rules: { PageContent() }, plan: { PageContent() },
            problems: ProblemRecord(), reports: pages(SampleReports.state()))
        #expect(await pages.answer(HTTPServer.Query(path: "/v1/services")).status == 200)
        #expect(await pages.answer(HTTPServer.Query(path: "/v1/services", isLocal: false)).status == 403)
        #expect(await pages.answer(HTTPServer.Query(path: "/v1/other")).status == 404)
    }

    @Test("keep few large reports in memory at a time")
    func largeReports() async {
        let pages = pages(SampleReports.state(3000))
        let query = HTTPServer.Query(path: "/v1/services", parameters: [.init(name: "output", value: "json")])
        var held: [HTTPAnswer] = []
        for _ in 0..<6 { held.append(await pages.answer(query)) }
        #expect(held.map(\.status) == [200, 200, 200, 200, 503, 503])
        held.removeAll()
        #expect(await pages.answer(query).status == 200)
    }

    @Test("make room for another large report in place of one whose client reads nothing for two seconds")
    func unreadReports() async throws {
        let room = ReportRoom()
        let page = PageContent(String(repeating: "x", count: 8 << 20))
        let server = try await HTTPServer.bind(ListenAddress(.loopback(.ipv4), 0), logger: LogRecorder().logger) { _ in
            room.admit(.text(page)) {}
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let silent = try (0..<4).map { _ in try RawClient(port: server.address.port, receiveBuffer: 64 << 10) }
            for client in silent {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await Wire.run { client.waitForBytes() }
            }
            let refused = await Wire.ask(server.address.port)
            #expect(refused?.status == 503)
            #expect(refused?.body.hasPrefix("4 large reports are being read already") == true)
            try await Task.sleep(for: .milliseconds(2200))
            #expect(await Wire.ask(server.address.port)?.body.utf8.count == page.count)
            #expect(silent.count == 4)
            group.cancelAll()
        }
    }

    @Test("know the last sync, its tables, and which service ports had drifted")
    func syncs() {
        let record = SyncRecord(now: { Timestamp(seconds: 100) })
        record.observe(.synchronized(.sample(reason: .change)))
        let facts = record.facts(.ipv4)
        #expect(facts.inSyncSince == Timestamp(seconds: 100))
        #expect(facts.last?.reason == "change")
        #expect(facts.last?.tables.map(\.entries) == [25, 56])
        #expect(facts.last?.phases.map(\.name).first == "compile")
        #expect(record.facts(.ipv6).inSyncSince == nil)
        record.observe(.failed(.sample(.ipv4)))
        #expect(record.facts(.ipv4).inSyncSince == nil)
        #expect(record.facts(.ipv4).last != nil)
    }
}
