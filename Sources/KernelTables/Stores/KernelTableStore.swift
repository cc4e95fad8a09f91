// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Where tables are kept: the kernel (``LibiptcStore``), or memory (``MemoryStore``) for tests and for dry runs.
///
/// Both behave alike, down to their errors; one suite of tests runs against both.
public protocol KernelTableStore: Sendable {
    /// Reads a table.
    ///
    /// - Throws: ``KernelFailure``.
    func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction
    /// Reads the outline of a table, which costs next to nothing.
    ///
    /// - Throws: ``KernelFailure``.
    func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp
    /// What the rules with a key have counted; rules with the same key are added up, those with nothing left out.
    ///
    /// - Throws: ``KernelFailure``.
    func counters(of table: Table, family: IPFamily) throws(KernelFailure) -> [CounterKey: RuleCounters]
}

extension KernelTableStore {
    /// Reads the whole table.
    public func counters(of table: Table, family: IPFamily) throws(KernelFailure) -> [CounterKey: RuleCounters] {
        let transaction = try open(table, family: family)
        let format = EntryFormat.of(family)
        var found: [CounterKey: RuleCounters] = [:]
        transaction.visitChains { name, _ in
            let chain = ChainName(label: name)
            transaction.visitRules(of: name) { entry in
                let counters = entry.counters(format)
                if counters != .zero, let key = CounterKey(entry, chain: chain, family: family) {
                    found[key, default: .zero] += counters
                }
                return true
            }
        }
        return found
    }
}

/// One table as it was when it was read, and the changes made to it since, which nobody sees before the commit.
///
/// A transaction belongs to the thread that uses it. It ends with ``commit()`` or when the last reference goes.
/// Chains are named by C strings, as libiptc has them, since some tables have hundreds of thousands.
public protocol TableTransaction: AnyObject {
    /// The table.
    var table: Table { get }
    /// The family.
    var family: IPFamily { get }

    /// Calls `body` with the name of each chain: built-in ones in the kernel's order, then the others by name.
    func visitChains(_ body: (_ name: UnsafePointer<CChar>, _ isBuiltIn: Bool) -> Void)
    /// Calls `body` with each rule of a chain, in order, until it answers `false`; with none if there is no such chain.
    func visitRules(of chain: UnsafePointer<CChar>, _ body: (KernelEntry) -> Bool)
    /// The policy of a built-in chain, with what it has counted; `nil` for other chains, and if there is no such chain.
    func policy(of chain: UnsafePointer<CChar>) -> ChainPolicy?
    /// The counters of a rule; `nil` if there is no such rule.
    func counters(ofRule index: Int, in chain: UnsafePointer<CChar>) -> RuleCounters?

    /// Makes an empty chain.
    func createChain(_ name: UnsafePointer<CChar>) throws(KernelFailure)
    /// Removes a chain, which must be empty and not jumped to.
    func deleteChain(_ name: UnsafePointer<CChar>) throws(KernelFailure)
    /// Removes all rules of a chain.
    func flushChain(_ name: UnsafePointer<CChar>) throws(KernelFailure)
    /// Adds a rule behind the last one of a chain.
    func append(_ entry: UnsafeRawBufferPointer, to chain: UnsafePointer<CChar>) throws(KernelFailure)
    /// Adds a rule before the one at `index`, or behind the last one if `index` is their number.
    func insert(_ entry: UnsafeRawBufferPointer, at index: Int, in chain: UnsafePointer<CChar>) throws(KernelFailure)
    /// Puts a rule, with counters at zero, in the place of another.
    func replace(at index: Int, with entry: UnsafeRawBufferPointer, in chain: UnsafePointer<CChar>)
        throws(KernelFailure)
    /// Removes a rule.
    func deleteRule(at index: Int, in chain: UnsafePointer<CChar>) throws(KernelFailure)

    /// Makes the changes visible, all at once.
    ///
    /// An error leaves open whether they are: libiptc replaces the table in one call, and adds the counters of the rules
    /// that stay in a second one, which may fail by itself.
    ///
    /// - Throws: ``KernelFailure``; with `EAGAIN` when the number of entries has changed since the table was read.
    func commit() throws(KernelFailure)
}
