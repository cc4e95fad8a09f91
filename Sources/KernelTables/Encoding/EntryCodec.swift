// SPDX-License-Identifier: Apache-2.0

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

    /// An extension that is understood in foreign rules.
    package struct DescribedExtension {
        package let name: String
        package let isTarget: Bool
        package let revision: UInt8
        package let dataLength: Int
    }

    /// Those of a family.
    package static func describedExtensions(_ family: IPFamily) -> [DescribedExtension] {
        DescribedExtensions.signatures.compactMap { item in
            item.signature.dataLength(family).map {
                DescribedExtension(
                    name: "\(item.signature.name)", isTarget: item.isTarget, revision: item.signature.revision,
                    dataLength: $0)
            }
        }
    }

    /// An entry with one extension and any data, as the kernel hands it out.
    package static func entry(
        of described: DescribedExtension, data: [UInt8], family: IPFamily
    ) -> [UInt8] {
        let format = EntryFormat.of(family)
        var part = [UInt8](repeating: 0, count: ExtensionHead.length) + data
        part[ExtensionHead.sizeOffset] = UInt8(truncatingIfNeeded: part.count)
        part[ExtensionHead.sizeOffset + 1] = UInt8(truncatingIfNeeded: part.count >> 8)
        for (index, byte) in described.name.utf8.enumerated() { part[ExtensionHead.nameOffset + index] = byte }
        part[ExtensionHead.revisionOffset] = described.revision
        var entry = [UInt8](repeating: 0, count: format.headerLength)
        let targetOffset = entry.count + (described.isTarget ? 0 : part.count)
        entry += part
        if !described.isTarget {
            entry += [UInt8(StandardTarget.length)] + [UInt8](repeating: 0, count: StandardTarget.length - 1)
        }
        for (offset, value) in [(format.targetOffsetOffset, targetOffset), (format.nextOffsetOffset, entry.count)] {
            entry[offset] = UInt8(truncatingIfNeeded: value)
            entry[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
        }
        return entry
    }
}
