// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// One entry in memory, in the form in which it comes back from the kernel; it never changes.
final class MemoryEntry: Sendable {
    /// What the target is.
    enum Kind: Hashable, Sendable {
        /// Nothing happens (no target).
        case none
        case verdict(String)
        case jump(ChainName)
        case module(String)
    }

    let bytes: [UInt8]
    let kind: Kind

    init(bytes: [UInt8], kind: Kind) {
        self.bytes = bytes
        self.kind = kind
    }

    /// The name `iptc_get_target` has.
    var targetName: String {
        switch kind {
        case .none: ""
        case .verdict(let name), .module(let name): name
        case .jump(let chain): "\(chain)"
        }
    }
}

/// A table in memory: chains with entries.
///
/// A value, so that a transaction works on a copy of its own.
struct MemoryTable: Sendable {
    struct Chain: Sendable {
        let name: ChainName
        let isBuiltIn: Bool
        var entries: [MemoryEntry] = []
    }

    /// Built-in chains in the kernel's order, then all others by name.
    private(set) var chains: [Chain]

    init(_ table: Table) {
        chains = table.builtInChains.map { Chain(name: $0.name, isBuiltIn: true) }
    }

    /// The number of entries, as the kernel counts: rules, the policy of each built-in chain, head and return of each
    /// other chain, and one at the end.
    var entryCount: Int { chains.reduce(1) { $0 + $1.entries.count + ($1.isBuiltIn ? 1 : 2) } }

    func index(of name: ChainName) -> Int? {
        if let builtIn = chains.firstIndex(where: { $0.isBuiltIn && $0.name == name }) { return builtIn }
        let place = insertionPoint(name)
        return place < chains.count && chains[place].name == name ? place : nil
    }

    private func insertionPoint(_ name: ChainName) -> Int {
        var low = chains.count { $0.isBuiltIn }
        var high = chains.count
        while low < high {
            let middle = (low + high) / 2
            if chains[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func addChain(_ name: ChainName) {
        chains.insert(Chain(name: name, isBuiltIn: false), at: insertionPoint(name))
    }

    mutating func removeChain(at index: Int) {
        chains.remove(at: index)
    }

    mutating func edit<Result, Failure: Error>(
        chain index: Int, _ body: (inout [MemoryEntry]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(&chains[index].entries)
    }

    /// How many rules jump to a chain.
    func references(to name: ChainName) -> Int {
        chains.reduce(0) { $0 + $1.entries.count { $0.kind == .jump(name) } }
    }

    /// Whether a packet that enters at a built-in chain could run in circles (`mark_source_chains`); the kernel does not
    /// look at chains that no built-in chain leads to.
    var hasLoop: Bool {
        var state: [ChainName: Bool] = [:]  // false: on the way; true: done
        func visit(_ name: ChainName) -> Bool {
            if let isDone = state[name] { return !isDone }
            guard let index = index(of: name) else { return false }
            state[name] = false
            for entry in chains[index].entries {
                if case .jump(let target) = entry.kind, visit(target) { return true }
            }
            state[name] = true
            return false
        }
        return chains.contains { $0.isBuiltIn && visit($0.name) }
    }
}
