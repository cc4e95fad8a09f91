// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Gives chains numbers, so that chains with the same number do the same with every packet, whatever they are called.
///
/// A number stands for the rules, without comments, and the numbers of the chains they lead to. In a chain with an index the
/// order of rules for different destinations is no part of it.
final class ChainNumbers {
    /// The packets that are considered.
    enum Scope: Hashable {
        case all
        /// Those to an address; `nil` for addresses that no index has.
        case destination(IPAddress?)
        /// Those to a port of an address that no index has; `nil` for ports that no index has.
        case port(UInt16?)
    }

    private struct Content: Hashable {
        var policy: ChainPolicy.Verdict?
        var rules: [Element] = []
        var byAddress: [IPAddress: [Element]] = [:]
        var byPort: [UInt16: [Element]] = [:]
    }

    private struct Element: Hashable {
        let rule: DecodedRule
        let next: Int?
        /// How many rules for all destinations stand ahead of it.
        let place: Int
    }

    private struct Key: Hashable {
        let rules: ObjectIdentifier
        let table: Table
        let chain: ChainName
        let scope: Scope
    }

    private var numbers: [Content: Int] = [:]
    private var known: [Key: Int] = [:]
    private var indexes: [Key: [DispatchIndex]] = [:]
    /// Chains that lead back to themselves, or to no chain, are equal to none.
    private var nextUnique = -1

    /// The number of a chain of a ruleset; 0 for none.
    func number(
        of chain: ChainName, _ table: EvaluatedTable, _ rules: ObjectIdentifier, _ scope: Scope, depth: Int = 0
    ) -> Int {
        guard let found = table[chain] else { return depth == 0 ? 0 : unique() }
        guard depth <= table.chainCount else { return unique() }
        let scope = narrowed(scope, chain, table, rules)
        let key = Key(rules: rules, table: table.table, chain: chain, scope: scope)
        if let number = known[key] { return number }
        let content = content(found, scope) { self.number(of: $0, table, rules, scope, depth: depth + 1) }
        let number = numbers[content] ?? numbers.count + 1
        numbers[content] = number
        known[key] = number
        return number
    }

    private func unique() -> Int {
        nextUnique -= 1
        return nextUnique
    }

    /// The scope that matters to a chain: one without an index has the same number for all destinations.
    private func narrowed(
        _ scope: Scope, _ chain: ChainName, _ table: EvaluatedTable, _ rules: ObjectIdentifier
    ) -> Scope {
        let indexes = indexes(of: chain, table, rules, depth: 0)
        switch scope {
        case .all: return .all
        case .destination(let address?) where indexes.contains { $0.contains(address) }: return scope
        case .destination: return .destination(nil)
        case .port(let port?) where indexes.contains { $0.contains(port) }: return scope
        case .port: return .port(nil)
        }
    }

    /// The indexes of a chain and of all chains that it leads to.
    private func indexes(
        of chain: ChainName, _ table: EvaluatedTable, _ rules: ObjectIdentifier, depth: Int
    ) -> [DispatchIndex] {
        guard let found = table[chain], depth <= table.chainCount else { return [] }
        let key = Key(rules: rules, table: table.table, chain: chain, scope: .all)
        if let known = indexes[key] { return known }
        var all = found.index.map { [$0] } ?? []
        for place in 0..<found.count {
            guard let next = found[place].nextChain else { continue }
            for index in indexes(of: next, table, rules, depth: depth + 1) where !all.contains(index) {
                all.append(index)
            }
        }
        indexes[key] = all
        return all
    }

    private func content(_ chain: EvaluatedChain, _ scope: Scope, _ number: (ChainName) -> Int) -> Content {
        var content = Content(policy: chain.policy)
        func element(_ place: Int, behind count: Int) -> Element {
            let rule = chain[place]
            return Element(rule: rule.essence, next: rule.nextChain.map(number), place: count)
        }
        guard let index = chain.index else {
            content.rules = (0..<chain.count).map { element($0, behind: $0) }
            return content
        }
        content.rules = index.unindexed.enumerated().map { element($1, behind: $0) }
        // Where both kinds of rules stand in one chain, their order matters.
        let isMixed = !index.addresses.isEmpty && !index.ports.isEmpty
        func elements(_ places: [Int]) -> [Element] {
            places.map { place in
                element(place, behind: isMixed ? place : index.unindexed.prefix { $0 < place }.count)
            }
        }
        for (address, places) in index.byAddress(in: scope) { content.byAddress[address] = elements(places) }
        for (port, places) in index.byPort(in: scope) { content.byPort[port] = elements(places) }
        return content
    }
}

extension DispatchIndex {
    fileprivate func byAddress(in scope: ChainNumbers.Scope) -> [IPAddress: [Int]] {
        switch scope {
        case .all: byAddress
        case .destination(let address?): byAddress[address].map { [address: $0] } ?? [:]
        case .destination(nil), .port: [:]
        }
    }

    fileprivate func byPort(in scope: ChainNumbers.Scope) -> [UInt16: [Int]] {
        switch scope {
        case .all, .destination: byPort
        case .port(let port?): byPort[port].map { [port: $0] } ?? [:]
        case .port(nil): [:]
        }
    }
}

extension DecodedRule {
    /// The rule without what does not decide where packets go: its comments, and the name of the chain that comes next.
    fileprivate var essence: DecodedRule {
        switch self {
        case .known(var rule):
            rule.matches.removeAll(where: \.isComment)
            if case .jump = rule.target { rule.target = .jump("next") }
            return .known(rule)
        case .foreign(var entry):
            entry.matches.removeAll { if case .known(let match) = $0 { match.isComment } else { false } }
            switch entry.target {
            case .known(.jump): entry.target = .known(.jump("next"))
            case .goto: entry.target = .goto("next")
            default: break
            }
            return .foreign(entry)
        case .malformed: return self
        }
    }
}

extension Match {
    fileprivate var isComment: Bool { if case .comment = self { true } else { false } }
}
