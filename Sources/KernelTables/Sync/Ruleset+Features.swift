// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

extension Ruleset {
    /// The features these rules need, or those of one table, the ones that matter least first.
    func features(of wanted: Table? = nil) -> [RuleFeature] {
        var found: Set<RuleFeature> = []
        for table in tables where table.table == (wanted ?? table.table) {
            for rules in Array(table.jumps.values) + table.chains.map(\.rules) {
                for rule in rules { rule.insertFeatures(family, into: &found) }
            }
        }
        return found.sorted { $0.rank < $1.rank }
    }

    /// The rules without some features: safe ones, that do less.
    ///
    /// A match that is only there for counting or remembering is dropped; a rule that cannot work without the feature is
    /// left out, and with it the chains that no rule leads to any longer.
    ///
    /// - Returns: The rules, and whom the change concerns, by feature.
    func removing(_ features: Set<RuleFeature>) -> (rules: Ruleset, affected: [RuleFeature: Set<String>]) {
        var affected: [RuleFeature: Set<String>] = [:]
        let reduced = tables.map { table in
            func reduce(_ rules: [Rule]) -> [Rule] { rules.compactMap { $0.removing(features, family, &affected) } }
            let chains = table.chains.map { Chain(name: $0.name, rules: reduce($0.rules), origin: $0.origin) }
            let jumps = table.jumps.mapValues(reduce)
            return TableRules(table: table.table, jumps: jumps, chains: chains)
                .droppingChains(nowUnreferencedSince: table)
        }
        return (Ruleset(family: family, tables: reduced), affected)
    }
}

extension RuleFeature {
    /// How much would be lost without it.
    fileprivate var rank: String {
        switch self {
        case .accounting(let name): "1 \(name)"
        case .sessionAffinity: "2"
        case .connectionRetry: "1a"
        case .sameAddresses: "2a"
        case .clientHash: "2b"
        case .sctp: "3"
        case .rejection: "4"
        case .randomBalancing: "5"
        case .roundRobinBalancing: "5a"
        }
    }
}

extension Rule {
    fileprivate func insertFeatures(_ family: IPFamily, into found: inout Set<RuleFeature>) {
        for match in matches {
            if let feature = RuleFeature(match, family) { found.insert(feature) }
        }
        if target == .rejectPortUnreachable { found.insert(.rejection) }
    }

    /// The rule without some features; `nil` if it is to be left out.
    fileprivate func removing(
        _ features: Set<RuleFeature>, _ family: IPFamily, _ affected: inout [RuleFeature: Set<String>]
    ) -> Rule? {
        var reduced = self
        var isLeftOut = false
        if target == .rejectPortUnreachable, features.contains(.rejection) {
            affected[.rejection, default: []].insert(subject)
            isLeftOut = true
        }
        reduced.matches.removeAll { match in
            guard let feature = RuleFeature(match, family), features.contains(feature) else { return false }
            affected[feature, default: []].insert(subject)
            if !match.matchesEverything { isLeftOut = true }
            return true
        }
        return isLeftOut ? nil : reduced
    }

    /// The service port the rule was made for or, for other rules, what they are for.
    private var subject: String {
        origin.servicePort?.description ?? origin.basePurpose?.rawValue ?? comment ?? "a rule of unknown origin"
    }
}

extension TableRules {
    /// The table without the chains that something led to in `original`, and nothing leads to now.
    fileprivate func droppingChains(nowUnreferencedSince original: TableRules) -> TableRules {
        let before = original.jumpTargets
        var result = self
        while true {
            let gone = before.subtracting(result.jumpTargets)
            let remaining = result.chains.filter { !gone.contains($0.name) }
            if remaining.count == result.chains.count { return result }
            result = TableRules(table: table, jumps: jumps, chains: remaining)
        }
    }

    private var jumpTargets: Set<ChainName> {
        var targets: Set<ChainName> = []
        for rules in Array(jumps.values) + chains.map(\.rules) {
            for case .jump(let chain) in rules.map(\.target) { targets.insert(chain) }
        }
        return targets
    }
}
