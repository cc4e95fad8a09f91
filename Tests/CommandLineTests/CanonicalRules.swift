// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Rules in an order that does not depend on the order of service ports, which kube-proxy leaves to chance.
///
/// In the chains that all Services share, service ports stand in any order, each with its rules in order; the jumps to
/// KUBE-NODEPORTS come after them, in any order. Everywhere else order has a meaning.
struct CanonicalRules {
    let text: String

    private static let sharedChains: Set<ChainName> = [
        "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL",
    ]

    init(_ saveText: String, family: IPFamily) throws {
        self.init(try Ruleset(saveText: saveText, family: family))
    }

    init(_ ruleset: Ruleset) {
        var ruleset = ruleset
        let family = ruleset.family
        ruleset.tables = ruleset.tables.map { table in
            let chains = table.chains.map { chain in
                guard Self.sharedChains.contains(chain.name) else { return chain }
                let keyed = chain.rules.enumerated().map { (key: Self.key($1, family), place: $0, rule: $1) }
                let sorted = keyed.sorted { ($0.key, $0.place) < ($1.key, $1.place) }
                return Chain(name: chain.name, rules: sorted.map(\.rule))
            }
            return TableRules(table: table.table, jumps: table.jumps, chains: chains)
        }
        text = ruleset.text()
    }

    /// What a rule of a shared chain is ordered by: its service port; last, by their text, what belongs to none.
    private static func key(_ rule: Rule, _ family: IPFamily) -> String {
        let comment = rule.comment ?? ""
        if comment.contains("this must be the last rule") { return "~" + rule.saveText(chain: "X", family: family) }
        return "\(comment.prefix { $0 != " " }) \(rule.transport?.rawValue ?? "")"
    }
}
