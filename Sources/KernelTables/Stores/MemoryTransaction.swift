// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// A copy of a table of a ``MemoryStore``, being edited; refuses what libiptc refuses, with its error numbers.
final class MemoryTransaction: TableTransaction {
    let table: Table
    let family: IPFamily
    private let store: MemoryStore
    private let key: MemoryStore.Key
    private var content: MemoryTable
    private let entriesWhenRead: Int
    /// What was lent out: memory that must stay where it is as long as the transaction lives.
    private var lent: [ObjectIdentifier: LentEntry] = [:]
    private var lentEntries: [MemoryEntry] = []

    init(store: MemoryStore, key: MemoryStore.Key, content: MemoryTable) {
        self.store = store
        self.key = key
        self.content = content
        table = key.table
        family = key.family
        entriesWhenRead = content.entryCount
    }

    /// An entry at a fixed address.
    private final class LentEntry {
        let bytes: UnsafeMutableRawPointer
        let targetName: UnsafeMutablePointer<CChar>?

        init(_ entry: MemoryEntry) {
            bytes = .allocate(byteCount: max(entry.bytes.count, 1), alignment: 8)
            bytes.copyMemory(from: entry.bytes, byteCount: entry.bytes.count)
            targetName = strdup(entry.targetName)
        }

        deinit {
            bytes.deallocate()
            free(targetName)
        }
    }

    func visitChains(_ body: (UnsafePointer<CChar>, Bool) -> Void) {
        for chain in content.chains { chain.name.withLabel { body($0, chain.isBuiltIn) } }
    }

    func visitRules(of chain: UnsafePointer<CChar>, _ body: (KernelEntry) -> Bool) {
        guard let index = content.index(of: ChainName(label: chain)) else { return }
        for entry in content.chains[index].entries {
            let memory = lend(entry)
            guard let name = memory.targetName,
                body(KernelEntry(base: memory.bytes, length: entry.bytes.count, targetName: name))
            else { return }
        }
    }

    private func lend(_ entry: MemoryEntry) -> LentEntry {
        if let known = lent[ObjectIdentifier(entry)] { return known }
        let memory = LentEntry(entry)
        lent[ObjectIdentifier(entry)] = memory
        lentEntries.append(entry)
        return memory
    }

    func policy(of chain: UnsafePointer<CChar>) -> ChainPolicy? {
        guard let index = content.index(of: ChainName(label: chain)), content.chains[index].isBuiltIn else {
            return nil
        }
        return ChainPolicy(.accept)
    }

    func counters(ofRule index: Int, in chain: UnsafePointer<CChar>) -> RuleCounters? {
        guard let place = content.index(of: ChainName(label: chain)),
            content.chains[place].entries.indices.contains(index)
        else { return nil }
        let entry = content.chains[place].entries[index]
        let memory = lend(entry)
        guard let name = memory.targetName else { return nil }
        return KernelEntry(base: memory.bytes, length: entry.bytes.count, targetName: name)
            .counters(EntryFormat.of(family))
    }

    func createChain(_ name: UnsafePointer<CChar>) throws(KernelFailure) {
        let chain = try self.name(name) { .createChain($0) }
        if content.index(of: chain) != nil || ReservedName.verdicts.contains(chain) {
            throw failure(.createChain("\(chain)"), EEXIST)
        }
        content.addChain(chain)
    }

    func deleteChain(_ name: UnsafePointer<CChar>) throws(KernelFailure) {
        let chain = try self.name(name) { .deleteChain($0) }
        guard let index = content.index(of: chain) else { throw failure(.deleteChain("\(chain)"), ENOENT) }
        if content.chains[index].isBuiltIn { throw failure(.deleteChain("\(chain)"), EINVAL) }
        if content.references(to: chain) > 0 { throw failure(.deleteChain("\(chain)"), EMLINK) }
        if !content.chains[index].entries.isEmpty { throw failure(.deleteChain("\(chain)"), ENOTEMPTY) }
        content.removeChain(at: index)
    }

    func flushChain(_ name: UnsafePointer<CChar>) throws(KernelFailure) {
        let chain = try self.name(name) { .flushChain($0) }
        guard let index = content.index(of: chain) else { throw failure(.flushChain("\(chain)"), ENOENT) }
        content.edit(chain: index) { $0.removeAll() }
    }

    func append(_ entry: UnsafeRawBufferPointer, to chain: UnsafePointer<CChar>) throws(KernelFailure) {
        try edit(chain) { entries, label throws(KernelFailure) in
            entries.append(try self.entry(entry, label))
        }
    }

    func insert(
        _ entry: UnsafeRawBufferPointer, at index: Int, in chain: UnsafePointer<CChar>
    ) throws(KernelFailure) {
        try edit(chain) { entries, label throws(KernelFailure) in
            guard (0...entries.count).contains(index) else { throw self.failure(.editRules(label), E2BIG) }
            entries.insert(try self.entry(entry, label), at: index)
        }
    }

    func replace(
        at index: Int, with entry: UnsafeRawBufferPointer, in chain: UnsafePointer<CChar>
    ) throws(KernelFailure) {
        try edit(chain) { entries, label throws(KernelFailure) in
            guard entries.indices.contains(index) else { throw self.failure(.editRules(label), E2BIG) }
            entries[index] = try self.entry(entry, label)
        }
    }

    func deleteRule(at index: Int, in chain: UnsafePointer<CChar>) throws(KernelFailure) {
        try edit(chain) { entries, label throws(KernelFailure) in
            guard entries.indices.contains(index) else { throw self.failure(.editRules(label), E2BIG) }
            entries.remove(at: index)
        }
    }

    func commit() throws(KernelFailure) {
        if let number = store.commit(content, key: key, entriesWhenRead: entriesWhenRead) {
            throw failure(.commit, number)
        }
    }

    private func edit(
        _ chain: UnsafePointer<CChar>, _ body: (inout [MemoryEntry], String) throws(KernelFailure) -> Void
    ) throws(KernelFailure) {
        let name = ChainName(label: chain)
        guard let index = content.index(of: name) else { throw failure(.editRules("\(name)"), ENOENT) }
        // Taken out while it is edited, because making an entry looks at the chains.
        var entries = content.chains[index].entries
        try body(&entries, "\(name)")
        content.edit(chain: index) { $0 = entries }
    }

    /// An entry as the kernel gives it back: a verdict or a jump is no longer a name in it (`iptcc_map_target`).
    private func entry(_ bytes: UnsafeRawBufferPointer, _ chain: String) throws(KernelFailure) -> MemoryEntry {
        let format = EntryFormat.of(family)
        guard let parts = try? EntryParts(bytes, format: format) else { throw failure(.editRules(chain), EINVAL) }
        let targetOffset = Int(bytes.loadUnaligned(fromByteOffset: format.targetOffsetOffset, as: UInt16.self))
        var name = ""
        if case .named(let part) = parts.target { name = part.name }
        let label = name.withUTF8 { ChainName(kernelLabel: UnsafeRawBufferPointer($0)) }
        let kind: MemoryEntry.Kind
        if name.isEmpty {
            kind = .none
        } else if ReservedName.verdicts.contains(label) {
            kind = .verdict(name)
        } else if let index = content.index(of: label) {
            if content.chains[index].isBuiltIn { throw failure(.editRules(chain), EINVAL) }
            kind = .jump(label)
        } else {
            kind = .module(name)
        }
        var copy = [UInt8](bytes)
        if case .module = kind { return MemoryEntry(bytes: copy, kind: kind) }
        for index in 0..<ExtensionHead.nameLength { copy[targetOffset + ExtensionHead.nameOffset + index] = 0 }
        return MemoryEntry(bytes: copy, kind: kind)
    }

    private func name(
        _ name: UnsafePointer<CChar>, _ operation: (String) -> KernelFailure.Operation
    ) throws(KernelFailure) -> ChainName {
        guard strnlen(name, ChainName.maximumLength + 1) <= ChainName.maximumLength else {
            throw failure(operation(String(cString: name)), EINVAL)
        }
        return ChainName(label: name)
    }

    private func failure(_ operation: KernelFailure.Operation, _ number: Int32) -> KernelFailure {
        KernelFailure(operation, table: table, family: family, errorNumber: number)
    }
}
