// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The packet's mark under a mask (`struct xt_mark_mtinfo1`, linux/netfilter/xt_mark.h).
enum MarkExtension: MatchExtension {
    static let signature = ExtensionSignature("mark", revision: 1, dataLength: 16)

    private static let mark = Member<UInt32>(at: 0)
    private static let mask = Member<UInt32>(at: 4)
    private static let invert = Member<UInt8>(at: 8)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: invert.range.upperBound, values: [mark.range, mask.range, invert.range])
    }

    @inline(__always)
    static func encode(_ value: UInt32, mask: UInt32, isInverted: Bool, to arena: ByteArena) {
        arena.append(value)
        arena.append(mask)
        arena.append(UInt8(isInverted ? 1 : 0))
    }

    static func match(_ data: ExtensionData) -> Match? {
        .mark(data[mark], mask: data[mask], isInverted: data[invert] != 0)
    }
}
