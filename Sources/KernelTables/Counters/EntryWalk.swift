// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// Walks over the entries of a table as the kernel hands them out, and finds the rules among them.
///
/// The kernel knows no chains. Built-in ones begin where the table's outline has it; all others begin with an entry whose target
/// is called ERROR and holds the name. Each chain ends with an entry that is not a rule: the policy, or a RETURN; and the
/// table ends with one more ERROR. (`translate_table` in net/ipv4/netfilter/ip_tables.c, `parse_table` in libiptc.c.)
struct EntryWalk {
    /// Where a built-in chain begins.
    struct Start {
        let offset: Int
        let chain: ChainName
    }

    private let entries: UnsafeRawBufferPointer
    private let format: EntryFormat
    /// In ascending order.
    private let starts: [Start]

    init(_ entries: UnsafeRawBufferPointer, family: IPFamily, starts: [Start]) {
        self.entries = entries
        format = EntryFormat.of(family)
        self.starts = starts.sorted { $0.offset < $1.offset }
    }

    /// Calls `body` with each rule, in order: the chain it stands in, and its bytes.
    ///
    /// - Throws: ``MalformedEntry`` when the entries are not put together as the kernel does it; rules before the place have
    ///   been visited then.
    func forEachRule(_ body: (ChainName, UnsafeRawBufferPointer) -> Void) throws(MalformedEntry) {
        var offset = 0
        var nextStart = 0
        var chain: ChainName?
        /// The last entry that may be a rule: it is none if its chain ends behind it.
        var held: Range<Int>?
        while offset < entries.count {
            let (target, end) = try bounds(of: offset)
            if nextStart < starts.count, starts[nextStart].offset == offset {
                chain = starts[nextStart].chain
                nextStart += 1
                held = nil
            }
            if let name = try chainName(target: target, end: end) {
                chain = name
                held = nil
            } else {
                guard let chain else { throw Self.malformed("a rule outside of any chain") }
                if let held { body(chain, UnsafeRawBufferPointer(rebasing: entries[held])) }
                held = offset..<end
            }
            offset = end
        }
        guard held == nil else { throw Self.malformed("the table has no end") }
    }

    /// Where the target of an entry stands, and where the entry ends.
    private func bounds(of offset: Int) throws(MalformedEntry) -> (target: Int, end: Int) {
        guard offset + format.headerLength <= entries.count else { throw Self.malformed("shorter than its head") }
        let target = Int(entries.loadUnaligned(fromByteOffset: offset + format.targetOffsetOffset, as: UInt16.self))
        let length = Int(entries.loadUnaligned(fromByteOffset: offset + format.nextOffsetOffset, as: UInt16.self))
        guard target >= format.headerLength, target + ExtensionHead.length <= length,
            offset + length <= entries.count
        else { throw Self.malformed("its target lies outside") }
        return (offset + target, offset + length)
    }

    /// The name of the chain that begins with this entry; `nil` if none does.
    private func chainName(target: Int, end: Int) throws(MalformedEntry) -> ChainName? {
        guard entries.hasName(ErrorTarget.name, at: target + ExtensionHead.nameOffset) else { return nil }
        let data = UnsafeRawBufferPointer(rebasing: entries[(target + ExtensionHead.length)..<end])
        guard ErrorTarget.chainName.range.upperBound <= data.count else {
            throw Self.malformed("the head of a chain without a name")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: data[ErrorTarget.chainName.range])
        let length = bytes.firstIndex(of: 0) ?? bytes.count
        return ChainName(kernelLabel: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
    }

    private static func malformed(_ what: String) -> MalformedEntry {
        MalformedEntry(reason: what)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the text at an offset, up to its NUL, is `name`; `false` if that does not lie inside.
    func hasName(_ name: StaticString, at offset: Int) -> Bool {
        let length = name.utf8CodeUnitCount
        guard offset >= 0, offset + length < count, let baseAddress else { return false }
        return memcmp(baseAddress + offset, name.utf8Start, length) == 0 && self[offset + length] == 0
    }
}
