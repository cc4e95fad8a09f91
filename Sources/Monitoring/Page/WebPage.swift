// SPDX-License-Identifier: Apache-2.0

import HTTPServing

/// The page for browsers: plain HTML, CSS and JavaScript, which are in the program.
///
/// It shows the reports below `/v1/`, and changes nothing. Names of Services, Pods and nodes are the work of people who may
/// not be trusted: its scripts make text of them, never markup, and its headers forbid the browser to run or load
/// anything else than its own files.
enum WebPage {
    /// A file of the page.
    struct Asset: Sendable {
        let path: String
        let contentType: String
        let bytes: [UInt8]
    }

    static let assets: [Asset] =
        [
            Asset(path: "/", contentType: "text/html; charset=utf-8", bytes: PackageResources.index_html),
            Asset(path: "/page/page.css", contentType: "text/css; charset=utf-8", bytes: PackageResources.page_css),
            Asset(path: "/page/icon.svg", contentType: "image/svg+xml", bytes: PackageResources.icon_svg),
        ] + scripts

    private static let scripts = [
        ("api", PackageResources.api_js), ("bars", PackageResources.bars_js), ("chart", PackageResources.chart_js),
        ("dom", PackageResources.dom_js), ("events", PackageResources.events_js), ("main", PackageResources.main_js),
        ("node", PackageResources.node_js), ("pager", PackageResources.pager_js),
        ("refresh", PackageResources.refresh_js), ("route", PackageResources.route_js),
        ("service", PackageResources.service_js), ("services", PackageResources.services_js),
        ("states", PackageResources.states_js), ("text", PackageResources.text_js),
        ("theme", PackageResources.theme_js), ("trace", PackageResources.trace_js),
    ].map { Asset(path: "/page/\($0).js", contentType: "text/javascript; charset=utf-8", bytes: $1) }

    /// What a browser may do with the page: run and load its own files, and nothing else.
    ///
    /// Should a script try to make markup of a text, that fails too (Trusted Types).
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")

    /// The answer to a path of the page; `nil` for any other path.
    static func answer(_ path: String) -> HTTPAnswer? {
        guard let asset = assets.first(where: { $0.path == path }) else { return nil }
        var answer = HTTPAnswer(contentType: asset.contentType, PageContent(pieces: [asset.bytes]))
        answer.headers.append(("Content-Security-Policy", contentSecurityPolicy))
        // A page that opens this one gets no hold of its window.
        answer.headers.append(("Cross-Origin-Opener-Policy", "same-origin"))
        return answer
    }
}
