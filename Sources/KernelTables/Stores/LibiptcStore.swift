// SPDX-License-Identifier: Apache-2.0

import Clibiptc
import Glibc
import NetworkTypes
import XTables

/// The tables of the kernel, in the network namespace of the calling thread, through libiptc.
///
/// libiptc reads a table whole, edits its own copy and commits it whole (`IPT_SO_SET_REPLACE`), so a process that dies
/// leaves the old table or the new one. `iptc_strerror` is not used: it explains the last call of the *process*, while
/// `errno` belongs to the thread, so that two families can be worked on by two threads.
public struct LibiptcStore: KernelTableStore {
    /// Makes a store.
    public init() {}

    /// Reads a table of the kernel.
    public func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        try LibiptcTransaction(table, family: family)
    }

    /// Asks the kernel for the outline of a table.
    public func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        try TableStamp.read(table, family: family)
    }

    /// Reads the counters straight from the kernel, without libiptc's copy of the table.
    public func counters(of table: Table, family: IPFamily) throws(KernelFailure) -> [CounterKey: RuleCounters] {
        try CounterReader().read(table, family: family)
    }
}

/// One libiptc handle.
final class LibiptcTransaction: TableTransaction {
    let table: Table
    let family: IPFamily
    private let calls: LibiptcCalls
    private let format: EntryFormat
    private let handle: LibiptcCalls.Handle

    init(_ table: Table, family: IPFamily) throws(KernelFailure) {
        self.table = table
        self.family = family
        calls = LibiptcCalls.of(family)
        format = EntryFormat.of(family)
        errno = 0
        guard let handle = calls.open(table.rawValue) else {
            throw KernelFailure(.open, table: table, family: family, errorNumber: errno)
        }
        self.handle = handle
    }

    deinit { calls.free(handle) }

    func visitChains(_ body: (UnsafePointer<CChar>, Bool) -> Void) {
        // Built-in chains come first; asking for each of many others would be slow.
        var areBuiltIn = true
        var next = calls.firstChain(handle)
        while let name = next {
            areBuiltIn = areBuiltIn && calls.isBuiltIn(name, handle)
            body(name, areBuiltIn)
            next = calls.nextChain(handle)
        }
    }

    func visitRules(of chain: UnsafePointer<CChar>, _ body: (KernelEntry) -> Bool) {
        var next = calls.firstRule(chain, handle)
        while let entry = next {
            guard let target = calls.target(entry, handle) else { return }
            let length = Int(entry.load(fromByteOffset: format.nextOffsetOffset, as: UInt16.self))
            guard body(KernelEntry(base: entry, length: length, targetName: target)) else { return }
            next = calls.nextRule(entry, handle)
        }
    }

    func policy(of chain: UnsafePointer<CChar>) -> ChainPolicy? {
        var counters = xt_counters()
        guard let name = calls.policy(chain, &counters, handle),
            let verdict = ChainPolicy.Verdict(rawValue: String(cString: name))
        else { return nil }
        return ChainPolicy(verdict, counters: RuleCounters(packets: counters.pcnt, bytes: counters.bcnt))
    }

    func counters(ofRule index: Int, in chain: UnsafePointer<CChar>) -> RuleCounters? {
        var result: RuleCounters?
        var place = 0
        visitRules(of: chain) { entry in
            defer { place += 1 }
            guard place == index else { return true }
            result = entry.counters(format)
            return false
        }
        return result
    }

    func createChain(_ name: UnsafePointer<CChar>) throws(KernelFailure) {
        try require(.createChain(String(cString: name)), name) { calls.createChain(name, handle) }
    }

    func deleteChain(_ name: UnsafePointer<CChar>) throws(KernelFailure) {
        try require(.deleteChain(String(cString: name)), name) { calls.deleteChain(name, handle) }
    }

    func flushChain(_ name: UnsafePointer<CChar>) throws(KernelFailure) {
        try require(.flushChain(String(cString: name)), name) { calls.flushChain(name, handle) }
    }

    func append(_ entry: UnsafeRawBufferPointer, to chain: UnsafePointer<CChar>) throws(KernelFailure) {
        try edit(entry, chain) { calls.append(chain, $0, handle) }
    }

    func insert(
        _ entry: UnsafeRawBufferPointer, at index: Int, in chain: UnsafePointer<CChar>
    ) throws(KernelFailure) {
        try edit(entry, chain) { calls.insert(chain, $0, UInt32(clamping: index), handle) }
    }

    func replace(
        at index: Int, with entry: UnsafeRawBufferPointer, in chain: UnsafePointer<CChar>
    ) throws(KernelFailure) {
        try edit(entry, chain) { calls.replace(chain, $0, UInt32(clamping: index), handle) }
    }

    func deleteRule(at index: Int, in chain: UnsafePointer<CChar>) throws(KernelFailure) {
        try require(.editRules(String(cString: chain)), chain) {
            calls.deleteRule(chain, UInt32(clamping: index), handle)
        }
    }

    func commit() throws(KernelFailure) {
        keepPolicyCounters()
        errno = 0
        guard calls.commit(handle) else {
            throw KernelFailure(.commit, table: table, family: family, errorNumber: errno)
        }
    }

    /// Has the counters of policies written back: libiptc would begin them at zero again (so does `iptables`).
    ///
    /// What passes between reading and committing is not counted; the kernel has no way to add to these counters.
    private func keepPolicyCounters() {
        var next = calls.firstChain(handle)
        while let name = next, calls.isBuiltIn(name, handle) {
            var counters = xt_counters()
            if let policy = calls.policy(name, &counters, handle), counters.pcnt > 0 || counters.bcnt > 0 {
                _ = calls.setPolicy(name, policy, &counters, handle)
            }
            next = calls.nextChain(handle)
        }
    }

    @inline(__always)
    private func edit(
        _ entry: UnsafeRawBufferPointer, _ chain: UnsafePointer<CChar>, _ call: (UnsafeRawPointer) -> Bool
    ) throws(KernelFailure) {
        guard let base = entry.baseAddress else { throw failure(.editRules(String(cString: chain)), EINVAL) }
        guard call(base) else { throw failure(.editRules(String(cString: chain)), errno) }
    }

    @inline(__always)
    private func require(
        _ operation: @autoclosure () -> KernelFailure.Operation, _ name: UnsafePointer<CChar>, _ call: () -> Bool
    ) throws(KernelFailure) {
        // libiptc takes names of up to 31 bytes, which then do not fit where the kernel keeps them.
        guard strnlen(name, ChainName.maximumLength + 1) <= ChainName.maximumLength else {
            throw failure(operation(), EINVAL)
        }
        guard call() else { throw failure(operation(), errno) }
    }

    private func failure(_ operation: KernelFailure.Operation, _ number: Int32) -> KernelFailure {
        KernelFailure(operation, table: table, family: family, errorNumber: number)
    }
}

extension KernelEntry {
    /// What the rule has seen up to the time the table was read.
    func counters(_ format: EntryFormat) -> RuleCounters {
        RuleCounters(
            packets: base.loadUnaligned(fromByteOffset: format.countersOffset, as: UInt64.self),
            bytes: base.loadUnaligned(fromByteOffset: format.countersOffset + 8, as: UInt64.self))
    }
}
