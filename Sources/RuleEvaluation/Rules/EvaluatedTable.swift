// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A table in the form in which packets are followed through it.
struct EvaluatedTable: Sendable {
    let table: Table
    private var chains: [EvaluatedChain] = []
    private var places: [ChainName: Int] = [:]

    /// The desired rules, in built-in chains that let pass what no rule ends.
    init(_ rules: TableRules) {
        table = rules.table
        for builtIn in rules.table.builtInChains { add(EvaluatedChain(builtIn, rules.jumps[builtIn] ?? [])) }
        for chain in rules.chains { add(EvaluatedChain(chain)) }
    }

    /// All rules of a kernel.
    init(_ content: TableContent) {
        table = content.table
        for chain in content.chains { add(EvaluatedChain(chain)) }
    }

    private mutating func add(_ chain: EvaluatedChain) {
        places[chain.name] = chains.count
        chains.append(chain)
    }

    var indexes: some Sequence<DispatchIndex> { chains.lazy.compactMap(\.index) }

    var chainCount: Int { chains.count }

    subscript(name: ChainName) -> EvaluatedChain? { places[name].map { chains[$0] } }
}
