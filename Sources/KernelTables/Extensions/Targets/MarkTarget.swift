// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Sets the packet's mark (`struct xt_mark_tginfo2`, linux/netfilter/xt_mark.h).
enum MarkTarget: TargetExtension {
    static let signature = ExtensionSignature("MARK", revision: 2, dataLength: 8)

    private static let mark = Member<UInt32>(at: 0)
    private static let mask = Member<UInt32>(at: 4)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: mask.range.upperBound, values: [mark.range, mask.range])
    }

    @inline(__always)
    static func encode(xor value: UInt32, clearing mask: UInt32, to arena: ByteArena) {
        arena.append(value)
        arena.append(mask)
    }

    static func target(_ data: ExtensionData) -> Target? { .mark(xor: data[mark], clearing: data[mask]) }
}
