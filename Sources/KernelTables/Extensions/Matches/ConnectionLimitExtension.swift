// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The number of connections of a network (`struct xt_connlimit_info`, linux/netfilter/xt_connlimit.h).
enum ConnectionLimitExtension: DescribedMatch {
    static let signature = ExtensionSignature("connlimit", revision: 1, dataLength: 32)

    private static let mask = MemberBytes(at: 0, length: 16)
    private static let limit = Member<UInt32>(at: 16)
    private static let flags = Member<UInt32>(at: 20)

    // Flags (`XT_CONNLIMIT_*`).
    private static let invert: UInt32 = 1 << 0
    private static let destination: UInt32 = 1 << 1

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let flags = data[flags]
        guard flags & ~0x3 == 0, let prefixLength = data.addressBits(mask).prefixLength(data.family) else { return nil }
        var match = MatchDescription("connlimit", .undecidable)
        match.text.add(flags & invert != 0 ? "--connlimit-upto" : "--connlimit-above", data[limit])
        match.text.add("--connlimit-mask", prefixLength)
        match.text.add(flags & destination != 0 ? "--connlimit-daddr" : "--connlimit-saddr")
        return match
    }
}
