// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One rule as it lies in libiptc's memory, or in that of the in-memory store.
///
/// It is only lent: it is valid until the transaction it came from edits that chain, commits or ends.
public struct KernelEntry {
    /// The first byte of the `ipt_entry` or `ip6t_entry`.
    public let base: UnsafeRawPointer
    /// The length of the entry in bytes, matches and target included (`next_offset`).
    public let length: Int
    /// The target's name as `iptc_get_target` has it: a chain, a verdict, an extension, or nothing.
    public let targetName: UnsafePointer<CChar>

    /// Points at an entry.
    public init(base: UnsafeRawPointer, length: Int, targetName: UnsafePointer<CChar>) {
        self.base = base
        self.length = length
        self.targetName = targetName
    }

    /// Whether the target's name is `name`.
    func hasTargetName(_ name: StaticString) -> Bool {
        let length = name.utf8CodeUnitCount
        return name.withUTF8Buffer { bytes in
            bytes.enumerated().allSatisfy { targetName[$0.offset] == CChar(bitPattern: $0.element) }
        } && targetName[length] == 0
    }

    func targetOffset(_ format: EntryFormat) -> Int {
        Int(base.load(fromByteOffset: format.targetOffsetOffset, as: UInt16.self))
    }

    /// Whether the target at `offset` is a verdict or a jump (`XT_STANDARD_TARGET`, the empty name).
    func hasStandardTarget(at offset: Int) -> Bool {
        base.load(fromByteOffset: offset + ExtensionHead.nameOffset, as: UInt8.self) == 0
    }
}
