// SPDX-License-Identifier: Apache-2.0

import Clibiptc
import Glibc
import NetworkTypes
import XTables

/// Reads what the rules of a table have counted, straight from the kernel.
///
/// The kernel copies the table out whole; no rule is decoded, nothing is kept but counters. The xtables lock is not taken:
/// every program changes a table in one step, and reading disturbs none. Two things follow. A table changed between
/// the question for its size and the one for its entries is read again. And libiptc, when it replaces a table, lets all
/// counters begin at zero and adds the old ones an instant later: whoever reads in between finds them too low.
public struct CounterReader: Sendable {
    /// How often a table is read that changes again and again.
    private static let maximumAttempts = 10

    /// Makes a reader.
    public init() {}

    /// The counters of all rules with a key that have counted something; rules with the same key are added up.
    ///
    /// - Throws: ``KernelFailure``: with `EAGAIN` when the table changed each time; `EBADMSG` when what the kernel answered
    ///   makes no sense.
    public func read(_ table: Table, family: IPFamily) throws(KernelFailure) -> [CounterKey: RuleCounters] {
        let format = EntryFormat.of(family)
        var found: [CounterKey: RuleCounters] = [:]
        try forEachRule(of: table, family: family) { chain, entry in
            let counters = entry.counters(format)
            guard counters != .zero, let key = CounterKey(entry, chain: chain, family: family) else { return }
            found[key, default: .zero] += counters
        }
        return found
    }

    /// The counters of all rules of a table, in order, with the chain each stands in: for tests.
    package func readAll(_ table: Table, family: IPFamily) throws(KernelFailure) -> [(ChainName, RuleCounters)] {
        let format = EntryFormat.of(family)
        var found: [(ChainName, RuleCounters)] = []
        try forEachRule(of: table, family: family) { chain, entry in found.append((chain, entry.counters(format))) }
        return found
    }

    private func forEachRule(
        of table: Table, family: IPFamily, _ body: (ChainName, UnsafeRawBufferPointer) -> Void
    ) throws(KernelFailure) {
        let (info, bytes) = try bytes(of: table, family: family)
        let starts = withUnsafeBytes(of: info.hook_entry) { raw in
            let offsets = raw.bindMemory(to: UInt32.self)
            return table.builtInChains.map { EntryWalk.Start(offset: Int(offsets[$0.hook]), chain: $0.name) }
        }
        do throws(MalformedEntry) {
            try bytes.withEntries { entries throws(MalformedEntry) in
                try EntryWalk(entries, family: family, starts: starts).forEachRule(body)
            }
        } catch {
            throw KernelFailure(.open, table: table, family: family, errorNumber: EBADMSG)
        }
    }

    private func bytes(
        of table: Table, family: IPFamily
    ) throws(KernelFailure) -> (info: ipt_getinfo, bytes: TableBytes) {
        let socket = try TableSocket(table, family: family)
        var attempts = 1
        while true {
            let info = try socket.outline()
            do throws(KernelFailure) {
                return (info, try socket.entries(byteCount: Int(info.size)))
            } catch {
                guard error.errorNumber == EAGAIN, attempts < Self.maximumAttempts else { throw error }
                attempts += 1
                usleep(Self.pause)
            }
        }
    }

    /// How long to wait before a table is read again, in microseconds.
    private static let pause: UInt32 = 2000
}

extension BuiltInChain {
    /// The number of the hook (`NF_INET_PRE_ROUTING` and so on).
    fileprivate var hook: Int {
        switch self {
        case .prerouting: 0
        case .input: 1
        case .forward: 2
        case .output: 3
        case .postrouting: 4
        }
    }
}

extension UnsafeRawBufferPointer {
    /// What the entry has counted; nothing if it is too short.
    fileprivate func counters(_ format: EntryFormat) -> RuleCounters {
        RuleCounters(
            packets: number(UInt64.self, at: format.countersOffset) ?? 0,
            bytes: number(UInt64.self, at: format.countersOffset + 8) ?? 0)
    }
}
