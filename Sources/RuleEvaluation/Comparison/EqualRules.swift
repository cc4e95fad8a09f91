// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Finds destinations whose packets meet the same rules in two rulesets, so that nothing about them need be tried.
final class EqualRules {
    private let left: RuleEvaluator
    private let right: RuleEvaluator
    private let numbers = ChainNumbers()
    private let leftKey = Side()
    private let rightKey = Side()
    /// Whether all rules behind the translation of destinations are the same: packets then have any destination.
    private lazy var isSameBehind = Self.behind.allSatisfy { isSame($0.table, $0.hook, .all) }
    /// Whether the same addresses are looked up in both.
    private lazy var hasSameAddresses = left.indexedAddresses == right.indexedAddresses

    /// Tells the rulesets apart.
    private final class Side {}

    init(_ left: RuleEvaluator, _ right: RuleEvaluator) {
        self.left = left
        self.right = right
    }

    private typealias Place = (table: Table, hook: BuiltInChain)

    /// Where packets still have the destination that they came with.
    private static let ahead: [Place] = [BuiltInChain.prerouting, .output].flatMap { hook in
        [Table.raw, .mangle, .nat].map { ($0, hook) }
    }

    /// Where packets can have another one; what the host sends to itself arrives with it.
    private static let behind: [Place] = Table.allCases.flatMap { table in
        table.builtInChains.filter { table != .nat || ($0 != .prerouting && $0 != .output) }.map { (table, $0) }
    }

    /// Whether all packets to an address meet the same rules.
    func areSame(to address: IPAddress) -> Bool {
        isSameBehind && Self.ahead.allSatisfy { isSame($0.table, $0.hook, .destination(address)) }
    }

    /// Whether all packets to a port of addresses that no index has meet the same rules.
    func areSame(toPort port: UInt16) -> Bool {
        isSameBehind && hasSameAddresses && Self.ahead.allSatisfy { isSame($0.table, $0.hook, .port(port)) }
    }

    private func isSame(_ table: Table, _ hook: BuiltInChain, _ scope: ChainNumbers.Scope) -> Bool {
        func number(_ rules: RuleEvaluator, _ side: Side) -> Int {
            guard let table = rules.tables[table], let chain = table[hook.name] else { return 0 }
            // A chain that lets everything pass does what no chain does.
            if chain.count == 0, chain.policy != .drop { return 0 }
            return numbers.number(of: hook.name, table, ObjectIdentifier(side), scope)
        }
        return number(left, leftKey) == number(right, rightKey)
    }
}
