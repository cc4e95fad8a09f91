// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A chain of our own and its rules, in the order in which the kernel tries them.
public struct Chain: Hashable, Sendable {
    /// The chain's name.
    public var name: ChainName
    /// The chain's rules.
    public var rules: [Rule]
    /// What the chain was made for; no part of what the chain is.
    ///
    /// Its rules may have other origins, in shared chains.
    public var origin: Origin

    /// Makes a chain.
    public init(name: ChainName, rules: [Rule] = [], origin: Origin = .unknown) {
        self.name = name
        self.rules = rules
        self.origin = origin
    }

    /// Whether both have the same name and equal rules; whatever they were made for.
    public static func == (left: Chain, right: Chain) -> Bool { left.name == right.name && left.rules == right.rules }

    /// Hashes the name and the rules.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(rules)
    }
}

extension [Chain] {
    /// Brings the chains into the order of their names.
    ///
    /// Only names are sorted; then each chain is moved once, to its place. To sort the chains themselves took twice as long
    /// for a hundred thousand, because each is moved a dozen times.
    fileprivate mutating func sortByName() {
        var order = indices.map { (name: self[$0].name, position: $0) }
        order.sort { $0.name < $1.name }
        var sources = order.map(\.position)
        withUnsafeMutableBufferPointer { chains in
            guard let base = chains.baseAddress else { return }
            for start in sources.indices where sources[start] != start {
                // Along a cycle: the place that a chain leaves is filled by the chain that belongs there.
                let first = (base + start).move()
                var hole = start
                while sources[hole] != start {
                    let source = sources[hole]
                    (base + hole).moveInitialize(from: base + source, count: 1)
                    sources[hole] = hole
                    hole = source
                }
                (base + hole).initialize(to: first)
                sources[hole] = hole
            }
        }
    }
}

/// Our part of a table: all chains, and the jumps that lead to them from the built-in chains.
public struct TableRules: Hashable, Sendable {
    /// The table.
    public let table: Table
    /// Our rules in built-in chains, in the order in which they stand there on an otherwise empty table.
    public var jumps: [BuiltInChain: [Rule]]
    /// Our chains, ordered by name, each name once.
    public private(set) var chains: [Chain]

    /// Makes the content of a table; `chains` may come in any order, each name once.
    public init(table: Table, jumps: [BuiltInChain: [Rule]], chains: [Chain]) {
        self.table = table
        self.jumps = jumps
        self.chains = chains
        self.chains.sortByName()
    }

    /// The number of our rules, jumps included.
    public var ruleCount: Int {
        chains.reduce(0) { $0 + $1.rules.count } + jumps.values.reduce(0) { $0 + $1.count }
    }
}

/// All rules that are desired in a kernel for one IP family.
public struct Ruleset: Hashable, Sendable {
    /// The family.
    public let family: IPFamily
    /// The tables, in the order in which iptables-save prints them: filter, nat.
    public var tables: [TableRules]

    /// Makes a ruleset.
    public init(family: IPFamily, tables: [TableRules]) {
        self.family = family
        self.tables = tables
    }

    /// The content of one table; empty if the ruleset has no such table.
    public subscript(table: Table) -> TableRules {
        tables.first { $0.table == table } ?? TableRules(table: table, jumps: [:], chains: [])
    }
}
