import NetworkTypes
import XTables

/// Single rules and entries, for tests and tools.
package enum EntryCodec {
    /// The entry of a rule as libiptc takes it.
    package static func entry(of rule: Rule, family: IPFamily) throws(UnencodableRule) -> [UInt8] {
        let rules = TableRules(table: .nat, jumps: [:], chains: [Chain(name: "X", rules: [rule])])
        let table = try EncodedTable(rules, family: family)
        return withExtendedLifetime(table) { [UInt8](table.entry(of: 0)) }
    }

    /// What an entry means.
    ///
    /// - Parameter targetName: the name `iptc_get_target` would have.
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
