// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// A whole table as it is at one moment, decoded, for tests: a ``TableContent``, and the bytes it was read from.
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
        let format = EntryFormat.of(transaction.family)
        chains = RulesetReader.content(of: transaction).chains.map { chain in
            var bytes: [[UInt8]] = []
            chain.name.withLabel { label in
                transaction.visitRules(of: label) { entry in
                    bytes.append(entry.comparableBytes(format))
                    return true
                }
            }
            let entries = zip(chain.rules, bytes).map { Entry(rule: $0.rule, bytes: $1, counters: $0.counters) }
            return Chain(name: chain.name, isBuiltIn: chain.isBuiltIn, entries: entries)
        }
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
