// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("The dashboard") struct DashboardTests {
    @Test("has panels with numbers and places of their own")
    func places() throws {
        let panels = try Dashboard.read().panels
        #expect(panels.count > 10)
        #expect(Set(panels.map(\.id)).count == panels.count)
        var used: Set<[Int]> = []
        for panel in panels {
            let place = panel.gridPos
            #expect(place.x >= 0 && place.x + place.w <= 24, "\(panel.title) is wider than the screen")
            for x in place.x..<place.x + place.w {
                for y in place.y..<place.y + place.h {
                    #expect(used.insert([x, y]).inserted, "\(panel.title) lies on another panel")
                }
            }
        }
    }

    @Test("asks the selected data source in every panel")
    func sources() throws {
        let dashboard = try Dashboard.read()
        let sources = dashboard.templating.list.filter { $0.type == "datasource" }
        #expect(sources.map(\.query) == ["prometheus"])
        let source = try #require(sources.first)
        for panel in dashboard.panels where panel.type != "row" {
            #expect(panel.datasource?.uid == "${\(source.name)}", "\(panel.title)")
            #expect(panel.targets?.isEmpty == false, "\(panel.title)")
            #expect(Set(panel.targets?.map(\.refId) ?? []).count == panel.targets?.count, "\(panel.title)")
        }
        for row in ["Health", "Latency", "Rules", "Drift", "Traffic"] {
            #expect(dashboard.panels.contains { $0.type == "row" && $0.title.hasPrefix(row) }, "\(row)")
        }
    }

    /// As rules with variables filled in, since Prometheus has no other check of queries that needs no server.
    @Test("has queries that Prometheus accepts")
    func queries() throws {
        let folder = try TemporaryFolder()
        let expressions = try Dashboard.read().panels.flatMap { $0.targets ?? [] }.map(\.expr)
        let rules = expressions.enumerated().map { number, expression in
            let filled = expression.replacingOccurrences(of: "$__rate_interval", with: "5m")
                .replacingOccurrences(of: "$__range", with: "1h")
            return "  - {record: 'query:\(number)', expr: '\(filled.replacingOccurrences(of: "'", with: "''"))'}\n"
        }
        let file = try folder.write("queries.yaml", "groups:\n- name: queries\n  rules:\n" + rules.joined())
        let result = try Subprocess.run(["promtool", "check", "rules", file])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
