// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The dashboard, as far as tests read it.
struct Dashboard: Decodable {
    struct Panel: Decodable {
        struct Source: Decodable {
            let type: String
            let uid: String
        }
        struct Target: Decodable {
            let expr: String
            let refId: String
        }
        struct Place: Decodable {
            let x: Int
            let y: Int
            let w: Int
            let h: Int
        }

        let id: Int
        let type: String
        let title: String
        let gridPos: Place
        let datasource: Source?
        let targets: [Target]?
    }
    struct Templating: Decodable {
        struct Variable: Decodable {
            let name: String
            let type: String
            let query: String
        }

        let list: [Variable]
    }

    let uid: String
    let title: String
    let panels: [Panel]
    let templating: Templating

    static func read() throws -> Dashboard {
        try JSONDecoder().decode(Dashboard.self, from: Data(Deploy.text("grafana/kubetables.json").utf8))
    }

    /// All queries, those of variables included.
    var expressions: [String] {
        panels.flatMap { $0.targets ?? [] }.map(\.expr)
            + templating.list.filter { $0.type == "query" }.map(\.query)
    }
}
