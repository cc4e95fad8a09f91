// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Inspection
import PrometheusText
import TestSupport
import Testing

@testable import Monitoring

/// In a browser, with a node of the greatest size that the program is made for.
@Suite("The page with 10,000 Services", .needsBrowser) struct LargePageTests {
    private static let services = 10_000

    /// The longest time in milliseconds for which the page did not answer to its user, since the last call.
    private func longestTask(_ browser: Browser) throws -> Double {
        let longest = try browser.value("Math.max(0, ...(window.tasks ?? []).splice(0).map((task) => task.duration))")
        return (longest as? Double) ?? Double(longest as? Int ?? 0)
    }

    @Test("shows them a page at a time, and does not freeze when it loads, searches, sorts and refreshes")
    func largeCluster() async throws {
        let state = SampleReports.state(Self.services)
        let reports = ReportPages(version: "1.2.3", state: { _ in state })
        let pages = MetricsPages(
            metrics: { .init() }, configuration: { "{}" }, rules: { PageContent() }, plan: { PageContent() },
            problems: ProblemRecord(), reports: reports)
        let server = try await HTTPServer.bind(.anyLocal, logger: .silent) { await pages.answer($0) }
        let port = server.address.port
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            // What waits for the browser blocks its thread.
            let result = await Wire.run { Result { try visit(port) } }
            group.cancelAll()
            try result.get()
        }
    }

    private func visit(_ port: UInt16) throws {
        let browser = try Browser()
        try browser.visit("http://127.0.0.1:\(port)/#/services")
        _ = try browser.value(
            """
            window.tasks = [];
            new PerformanceObserver((list) => window.tasks.push(...list.getEntries()))
              .observe({ type: "longtask", buffered: true });
            """)
        try browser.wait(for: "1-50 of 10,000 service ports", in: ".pager")
        let firstRows = try browser.value("Math.round(performance.now())") ?? 0
        let loading = try longestTask(browser)
        let elements = try browser.count("*")
        #expect(try browser.count("tbody tr") == 50)
        #expect(elements < 1_500)

        try browser.press(.slash)
        try browser.type("web-9999")
        try browser.wait(for: "1-1 of 1 service ports", in: ".pager")
        let searching = try longestTask(browser)
        try browser.press(.escape)
        try browser.wait(for: "1-50 of 10,000 service ports", in: ".pager")
        try browser.click("thead th:last-child button")
        try browser.wait(for: "document.querySelector('thead th:last-child').ariaSort === 'descending'")
        try browser.click(".pager button:last-child")
        try browser.wait(for: "51-100 of 10,000 service ports", in: ".pager")
        try browser.click(".filters button:last-child")
        try browser.wait(for: "document.querySelector('.filters button:last-child').ariaPressed === 'true'")
        let sorting = try longestTask(browser)
        #expect(try browser.count("tbody tr") <= 50)
        print(
            "first rows after \(firstRows) ms; \(elements) elements; longest task: loading \(loading) ms, "
                + "searching \(searching) ms, sorting \(sorting) ms")
        for time in [loading, searching, sorting] { #expect(time < 1_000) }
        #expect(browser.errors == [])
    }
}
