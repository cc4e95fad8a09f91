import Glibc
import NetworkTypes
import XTables

/// A whole table as it is at one moment, decoded, for tests and tools that look at small tables.
package struct TableSnapshot: Hashable, Sendable {
    /// One rule.
    package struct Entry: Hashable, Sendable {
        /// The rule, decoded.
        package let rule: DecodedRule
        /// Its bytes but those that the kernel or libiptc use: cache word, back pointer, counters, offset of a jump.
        package let bytes: [UInt8]
        /// What it has seen.
        package let counters: RuleCounters
    }

    /// One chain.
    package struct Chain: Hashable, Sendable {
        package let name: ChainName
        package let isBuiltIn: Bool
        package let entries: [Entry]
    }

    /// The chains, in the order of the transaction.
    package let chains: [Chain]

    /// Reads a table.
    package init(_ table: Table, family: IPFamily, store: any KernelTableStore) throws(KernelFailure) {
        self.init(try store.open(table, family: family))
    }

    /// Reads a transaction's table, its changes included.
    package init(_ transaction: any TableTransaction) {
        let decoder = EntryDecoder(family: transaction.family)
        var chains: [Chain] = []
        transaction.visitChains { name, isBuiltIn in
            var entries: [Entry] = []
            transaction.visitRules(of: name) { entry in
                entries.append(
                    Entry(
                        rule: decoder.decode(entry), bytes: entry.comparableBytes(decoder.format),
                        counters: entry.counters(decoder.format)))
                return true
            }
            chains.append(Chain(name: ChainName(label: name), isBuiltIn: isBuiltIn, entries: entries))
        }
        self.chains = chains
    }

    /// The chain of a name.
    package subscript(name: ChainName) -> Chain? { chains.first { $0.name == name } }
}

extension KernelEntry {
    /// The entry's bytes without those that differ from one reading to the next.
    fileprivate func comparableBytes(_ format: EntryFormat) -> [UInt8] {
        var bytes = [UInt8](UnsafeRawBufferPointer(start: base, count: length))
        for index in (format.targetOffsetOffset - 4)..<format.targetOffsetOffset { bytes[index] = 0 }
        for index in (format.nextOffsetOffset + 2)..<format.headerLength { bytes[index] = 0 }
        let target = targetOffset(format)
        var part = format.headerLength
        while part <= target {
            // Behind the end of a name the kernel leaves what was in our memory before (xt_obj_to_user).
            let start = part + ExtensionHead.nameOffset
            let name = start..<(start + ExtensionHead.nameLength)
            let end = bytes[name].firstIndex(of: 0) ?? name.upperBound
            for index in end..<name.upperBound { bytes[index] = 0 }
            part += max(Int(base.loadUnaligned(fromByteOffset: part + ExtensionHead.sizeOffset, as: UInt16.self)), 1)
        }
        // The verdict of a jump, or of a rule without a target, is an offset in the table.
        if hasStandardTarget(at: target) {
            for index in (target + ExtensionHead.length)..<length { bytes[index] = 0 }
            bytes += Array(String(cString: targetName).utf8)
        }
        return bytes
    }
}

/// Single rules and entries, for tests and tools.
package enum EntryCodec {
    /// The entry of a rule as libiptc takes it.
    package static func entry(of rule: Rule, family: IPFamily) throws(UnencodableRule) -> [UInt8] {
        let rules = TableRules(table: .nat, jumps: [:], chains: [Chain(name: "X", rules: [rule])])
        let table = try EncodedTable(rules, family: family)
        return withExtendedLifetime(table) { [UInt8](table.entry(of: 0)) }
    }

    /// What an entry says.
    ///
    /// - Parameter targetName: what `iptc_get_target` would say.
    package static func decode(
        _ entry: [UInt8], targetName: String, family: IPFamily
    ) throws(MalformedEntry) -> DecodedRule {
        // Copied, for entries lie at addresses that are multiples of eight.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(entry.count, 8), alignment: 8)
        defer { memory.deallocate() }
        memory.copyBytes(from: entry)
        let bytes = UnsafeRawBufferPointer(rebasing: memory[..<entry.count])
        return try EntryDecoder(family: family).decode(bytes, targetName: targetName)
    }

    /// The entry as it comes back from the kernel, and the target's name with it.
    package static func kernelEntry(
        of rule: Rule, family: IPFamily
    ) throws(UnencodableRule) -> (bytes: [UInt8], targetName: String) {
        let rules = TableRules(table: .nat, jumps: [:], chains: [Chain(name: "X", rules: [rule])])
        let table = try EncodedTable(rules, family: family)
        return withExtendedLifetime(table) {
            table.withKernelEntry(of: 0) { entry in
                let bytes = [UInt8](UnsafeRawBufferPointer(start: entry.base, count: entry.length))
                return (bytes, String(cString: entry.targetName))
            }
        }
    }
}
