// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The tables of a namespace as iptables-save prints them, without counters.
struct SavedTables: Equatable {
    /// What stands from `*TABLE` to `COMMIT`, by family and table.
    let tables: [String: String]

    init(_ namespace: NetworkNamespace) throws {
        var tables: [String: String] = [:]
        for program in ["iptables-legacy-save", "ip6tables-legacy-save"] {
            for table in SaveText.withoutCounters(try namespace.run(program)).components(separatedBy: "COMMIT\n") {
                guard let start = table.firstIndex(of: "*") else { continue }
                let text = table[start...]
                tables["\(program) \(text.prefix { $0 != "\n" })"] = String(text)
            }
        }
        self.tables = tables
    }

    private init(tables: [String: String]) { self.tables = tables }

    /// Only what is ours: our chains and the rules that speak of them.
    var ours: SavedTables {
        SavedTables(
            tables: tables.mapValues { text in
                text.split(separator: "\n").filter { $0.contains("KUBE-") }.joined(separator: "\n")
            })
    }

    /// The tables that are like those of none of these, and how they differ from the first.
    func mixed(_ states: [SavedTables]) -> [String] {
        tables.keys.sorted().compactMap { name in
            guard !states.contains(where: { $0.tables[name] == tables[name] }) else { return nil }
            return "\(name):\n" + SaveText.difference(states[0].tables[name] ?? "", tables[name] ?? "")
        }
    }
}
