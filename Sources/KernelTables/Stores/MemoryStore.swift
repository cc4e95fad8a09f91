// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import Synchronization
import XTables

/// Tables in memory that behave as the kernel's do: for tests, and for looking at what a ruleset would do.
///
/// A commit is atomic; it is refused with the kernel's error numbers for jumps that lead nowhere (`ENOENT`: the kernel
/// looks for an extension of that name) or in circles (`ELOOP`), for extensions the kernel would not have, and when the
/// number of entries has changed since the table was read (`EAGAIN`). Counters stay with the rules.
public final class MemoryStore: KernelTableStore {
    struct Key: Hashable {
        let table: Table
        let family: IPFamily
    }

    struct State {
        var tables: [Key: MemoryTable] = [:]
        var nextReadFailure: Int32?
        var commitFailures: [CommitFailure] = []
        var refused: [String: Int32] = [:]
        var commits = 0
    }

    /// An error that a commit is to end with.
    struct CommitFailure {
        let errorNumber: Int32
        let replacesTable: Bool
    }

    let state = Mutex(State())

    /// Makes a store with empty tables.
    public init() {}

    /// Lets the next read fail.
    public func failNextRead(_ errorNumber: Int32) {
        state.withLock { $0.nextReadFailure = errorNumber }
    }

    /// Lets the next commit fail; called several times, the next several.
    ///
    /// - Parameters:
    ///   - errorNumber: what it fails with, of errno.h.
    ///   - replacesTable: whether the table is replaced all the same, as when the kernel's second call of a commit fails,
    ///     which adds the counters.
    public func failNextCommit(_ errorNumber: Int32, replacesTable: Bool = false) {
        state.withLock {
            $0.commitFailures.append(CommitFailure(errorNumber: errorNumber, replacesTable: replacesTable))
        }
    }

    /// Lets every commit fail that has a rule with this match or target, as a kernel without it does.
    ///
    /// - Parameters:
    ///   - name: the extension, or for one accounting object `nfacct:NAME`.
    ///   - errorNumber: what the commit fails with, of errno.h.
    public func refuse(_ name: String, errorNumber: Int32 = ENOENT) {
        state.withLock { $0.refused[name] = errorNumber }
    }

    /// How many commits succeeded so far.
    public var commitCount: Int { state.withLock { $0.commits } }

    /// How many of the failures of ``failNextCommit(_:replacesTable:)`` are still to come.
    public var pendingFailures: Int { state.withLock { $0.commitFailures.count } }

    /// Lets packets match a rule.
    public func count(_ counters: RuleCounters, rule index: Int, of chain: ChainName, in table: Table, family: IPFamily)
    {
        state.withLock { state in
            let key = Key(table: table, family: family)
            guard var content = state.tables[key], let place = content.index(of: chain) else { return }
            content.edit(chain: place) { entries in
                guard entries.indices.contains(index) else { return }
                var bytes = entries[index].bytes
                bytes.withUnsafeMutableBytes { raw in
                    let offset = EntryFormat.of(family).countersOffset
                    raw.storeBytes(of: counters.packets, toByteOffset: offset, as: UInt64.self)
                    raw.storeBytes(of: counters.bytes, toByteOffset: offset + 8, as: UInt64.self)
                }
                entries[index] = MemoryEntry(bytes: bytes, kind: entries[index].kind)
            }
            state.tables[key] = content
        }
    }

    /// Reads a table.
    public func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        let key = Key(table: table, family: family)
        let (failure, content) = state.withLock { state in
            (state.nextReadFailure.take(), state.tables[key] ?? MemoryTable(table))
        }
        if let failure { throw KernelFailure(.open, table: table, family: family, errorNumber: failure) }
        return MemoryTransaction(store: self, key: key, content: content)
    }

    /// The outline of a table.
    public func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        let (failure, content) = state.withLock { state in
            (state.nextReadFailure.take(), state.tables[Key(table: table, family: family)] ?? MemoryTable(table))
        }
        if let failure { throw KernelFailure(.open, table: table, family: family, errorNumber: failure) }
        let sizes = content.chains.map { $0.entries.reduce(0) { $0 + $1.bytes.count } }
        return TableStamp(
            table: table, family: family, entryCount: UInt32(content.entryCount),
            byteCount: UInt32(sizes.reduce(0, +)), places: sizes.map(UInt32.init))
    }

    /// Makes `content` the table, if it may be.
    ///
    /// - Returns: the error number, if not.
    func commit(_ content: MemoryTable, key: Key, entriesWhenRead: Int) -> Int32? {
        state.withLock { state in
            if !state.commitFailures.isEmpty {
                let failure = state.commitFailures.removeFirst()
                if failure.replacesTable { state.tables[key] = content }
                return failure.errorNumber
            }
            if (state.tables[key] ?? MemoryTable(key.table)).entryCount != entriesWhenRead { return EAGAIN }
            for entry in content.chains.lazy.flatMap(\.entries) {
                for name in entry.extensionNames(key.family) {
                    if let number = state.refused[name] { return number }
                }
                if case .module(let name) = entry.kind, !Self.knownTargets.contains(name) { return ENOENT }
            }
            if content.hasLoop { return ELOOP }
            state.tables[key] = content
            state.commits += 1
            return nil
        }
    }

    private static let knownTargets: Set<String> = [
        "MARK", "MASQUERADE", "DNAT", "SNAT", "REJECT", "LOG", "REDIRECT", "NFLOG", "TRACE", "CONNMARK",
    ]
}

extension MemoryEntry {
    /// The names of the extensions the entry uses; an accounting object also as `nfacct:NAME`.
    fileprivate func extensionNames(_ family: IPFamily) -> [String] {
        bytes.withUnsafeBytes { raw in
            guard let parts = try? EntryParts(raw, format: EntryFormat.of(family)) else { return [] }
            var names = parts.matches.map(\.name)
            for part in parts.matches {
                if let object = AccountingExtension.objectName(part, family: family) {
                    names.append("nfacct:\(object)")
                }
            }
            if case .module(let name) = kind { names.append(name) }
            return names
        }
    }
}
