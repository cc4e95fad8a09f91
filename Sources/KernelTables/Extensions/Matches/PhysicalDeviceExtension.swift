// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The port of a bridge (`struct xt_physdev_info`, linux/netfilter/xt_physdev.h).
enum PhysicalDeviceExtension: DescribedMatch {
    static let signature = ExtensionSignature("physdev", revision: 0, dataLength: 72)

    private static let input = MemberBytes(at: 0, length: 16)
    private static let inputMask = MemberBytes(at: 16, length: 16)
    private static let output = MemberBytes(at: 32, length: 16)
    private static let outputMask = MemberBytes(at: 48, length: 16)
    private static let inverseFlags = Member<UInt8>(at: 64)
    private static let flags = Member<UInt8>(at: 65)

    // Flags (`XT_PHYSDEV_OP_*`).
    private static let inputFlag: UInt8 = 1 << 0
    private static let outputFlag: UInt8 = 1 << 1
    private static let bridged: UInt8 = 1 << 2
    private static let isInput: UInt8 = 1 << 3
    private static let isOutput: UInt8 = 1 << 4

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let (flags, inverse) = (data[flags], data[inverseFlags])
        guard (flags | inverse) & ~0x1f == 0, inverse & ~flags == 0 else { return nil }
        var match = MatchDescription("physdev", .undecidable)
        if flags & isInput != 0 { match.text.add("--physdev-is-in", isInverted: inverse & isInput != 0) }
        if flags & inputFlag != 0 {
            guard let name = data.interface(input, mask: inputMask) else { return nil }
            match.text.add("--physdev-in", name, isInverted: inverse & inputFlag != 0)
        }
        if flags & isOutput != 0 { match.text.add("--physdev-is-out", isInverted: inverse & isOutput != 0) }
        if flags & outputFlag != 0 {
            guard let name = data.interface(output, mask: outputMask) else { return nil }
            match.text.add("--physdev-out", name, isInverted: inverse & outputFlag != 0)
        }
        if flags & bridged != 0 { match.text.add("--physdev-is-bridged", isInverted: inverse & bridged != 0) }
        return match
    }
}
