// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Inspection
import NetworkTypes
import PrometheusText
import TestSupport
import Testing

@testable import Monitoring

@Suite("The page for browsers") struct WebPageTests {
    private static func pages(hasReports: Bool = true) -> MetricsPages {
        let reports = ReportPages(version: "1.2.3", state: { _ in SampleReports.state() })
        return MetricsPages(
            metrics: { .init() }, configuration: { "{}" }, rules: { PageContent("rules\n") },
            plan: { PageContent("plan\n") }, problems: ProblemRecord(), reports: hasReports ? reports : nil)
    }

    private static func answer(_ path: String, isLocal: Bool = true, isAddressedLocally: Bool = true) async
        -> HTTPAnswer
    {
        await pages().answer(
            HTTPServer.Query(path: path, isLocal: isLocal, isAddressedLocally: isAddressedLocally))
    }

    private static func text(_ asset: WebPage.Asset) -> String { String(decoding: asset.bytes, as: UTF8.self) }

    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

    // MARK: What is served

    @Test("has a content type for each file, and headers that forbid all but its own files", arguments: WebPage.assets)
    func headers(asset: WebPage.Asset) async {
        let answer = await Self.answer(asset.path)
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type") == asset.contentType)
        #expect(answer.header("Content-Security-Policy") == Self.policy)
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
        #expect(answer.header("Referrer-Policy") == "no-referrer")
        #expect(answer.header("Cross-Origin-Resource-Policy") == "same-origin")
        #expect(answer.header("Cross-Origin-Opener-Policy") == "same-origin")
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.body == asset.bytes)
        let types = ["html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"]
        let ending = asset.path == "/" ? "html" : String(asset.path.split(separator: ".").last ?? "")
        #expect(types[ending].map(asset.contentType.hasPrefix) == true)
    }

    @Test("is at / and below /page/ only")
    func paths() async {
        for path in ["/page", "/page/", "/page/main", "/page/main.js/", "/index.html", "/page/../etc/passwd", "//"] {
            #expect(await Self.answer(path).status == 404, "\(path)")
        }
        let without = Self.pages(hasReports: false)
        for path in ["/", "/page/main.js"] {
            #expect(await without.answer(HTTPServer.Query(path: path)).status == 404)
        }
    }

    @Test("is for clients on the node, which name it by an address or as localhost, as all that reveals much")
    func distance() async {
        for path in [
            "/", "/page/main.js", "/page/page.css", "/v1/services", "/v1/graph", "/rules", "/plan", "/problems",
        ] {
            let remote = await Self.answer(path, isLocal: false)
            #expect(remote.status == 403 && remote.header("Content-Security-Policy") == nil, "\(path)")
            let rebound = await Self.answer(path, isAddressedLocally: false)
            #expect(rebound.status == 403, "\(path)")
            #expect(String(decoding: rebound.body, as: UTF8.self).hasPrefix("\(path) is available under an address or"))
        }
        for path in ["/metrics", "/healthz", "/proxyMode", "/configz"] {
            #expect(await Self.answer(path, isLocal: false, isAddressedLocally: false).status == 200, "\(path)")
        }
    }

    @Test("comes over HTTP to GET and HEAD; scripts of other websites get nothing, whatever they call this node")
    func wire() async throws {
        let server = try await HTTPServer.bind(.anyLocal, logger: .silent) { await Self.pages().answer($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let port = server.address.port
            let page = try #require(await Wire.ask(port))
            #expect(page.status == 200 && page.body.hasPrefix("<!DOCTYPE html>"))
            #expect(page.headers["Content-Security-Policy"] == Self.policy)
            let head = try #require(await Wire.ask(port, "/page/main.js", method: "HEAD"))
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["Content-Type"] == "text/javascript; charset=utf-8")
            #expect(await Wire.ask(port, method: "POST")?.status == 405)
            for host in ["localhost", "localhost:\(port)", "127.0.0.1:\(port)", "[::1]:10249", "192.168.50.10"] {
                #expect(await Wire.ask(port, "/plan", host: host)?.status == 200, "\(host)")
            }
            for host in [
                "evil.example", "evil.example:\(port)", "localhost.evil.example", "127.0.0.1.evil.example", "",
            ] {
                #expect(await Wire.ask(port, "/", host: host)?.status == 403, "\(host)")
                #expect(await Wire.ask(port, "/v1/services", host: host)?.status == 403, "\(host)")
                #expect(await Wire.ask(port, "/metrics", host: host)?.status == 200, "\(host)")
            }
            group.cancelAll()
        }
    }

    @Test("shows graphs as pictures in which nothing runs, opened by themselves too; other answers show nothing")
    func answers() async {
        let query = HTTPServer.Query(path: "/v1/graph", parameters: [.init(name: "subject", value: "default/web-0")])
        let picture = await Self.pages().answer(query)
        #expect(picture.header("Content-Type") == "image/svg+xml")
        #expect(
            picture.header("Content-Security-Policy")
                == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
        #expect(picture.header("Cross-Origin-Resource-Policy") == "same-origin")
        for path in ["/v1/services", "/plan"] {
            let answer = await Self.answer(path)
            #expect(answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'")
            #expect(answer.header("Cache-Control") == "no-store")
        }
    }

    // MARK: What the files hold

    @Test("needs nothing from elsewhere, and has no script, style or handler in its markup", arguments: WebPage.assets)
    func content(asset: WebPage.Asset) throws {
        let text = Self.text(asset).replacing("http://www.w3.org/2000/svg", with: "")
        #expect(!text.contains("://"))
        #expect(!text.contains("@import") && !text.contains("url("))
        guard asset.path == "/" else { return }
        #expect(text.matches(of: /<script(?! (?:type="module" )?src="\/page\/)/).isEmpty)
        #expect(!text.contains("<style") && !text.contains("style="))
        #expect(text.firstMatch(of: /\son[a-z]+=/) == nil)
    }

    @Test("makes text of texts, never markup or code", arguments: WebPage.assets.filter { $0.path.hasSuffix(".js") })
    func scripts(asset: WebPage.Asset) {
        let code = Self.text(asset)
        for name in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "DOMParser", "document.write", "eval(", "Function(",
            "createContextualFragment", "srcdoc", "javascript:", #"setAttribute("style""#, #"setAttribute("on"#,
        ] {
            #expect(!code.contains(name), "\(asset.path) uses \(name)")
        }
    }

    @Test("imports and links what is there, and has no file that nothing needs")
    func links() throws {
        let paths = Set(WebPage.assets.map(\.path))
        var needed: Set<String> = ["/"]
        for asset in WebPage.assets {
            let text = Self.text(asset)
            needed.formUnion(text.matches(of: /from "\.\/([a-z]+\.js)"/).map { "/page/\($0.1)" })
            if asset.path == "/" {
                needed.formUnion(text.matches(of: /(?:src|href)="(\/[^"]*)"/).map { String($0.1) })
            }
        }
        #expect(needed == paths)
    }

    @Test("knows the states in the order of their need for attention")
    func states() throws {
        let file = try #require(WebPage.assets.first { $0.path == "/page/states.js" })
        let names = Self.text(file).matches(of: /\{ name: "([a-z-]+)"/).map { String($0.1) }
        #expect(names == ServiceState.allCases.map(\.rawValue))
    }

    @Test("is small")
    func size() {
        #expect(WebPage.assets.map(\.bytes.count).reduce(0, +) < 80_000)
        #expect(WebPage.assets.allSatisfy { $0.bytes.count < PageContent.pieceSize })
    }
}
