// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The source address of the Ethernet frame (`struct xt_mac_info`, linux/netfilter/xt_mac.h).
enum MACExtension: DescribedMatch {
    static let signature = ExtensionSignature("mac", revision: 0, dataLength: 16)

    private static let address = MemberBytes(at: 0, length: 6)
    private static let invert = Member<Int32>(at: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        let address = data[address].map { SaveWords.hexadecimalDigits($0, 2) }.joined(separator: ":")
        var match = MatchDescription("mac", .undecidable)
        match.text.add("--mac-source", address, isInverted: isInverted)
        return match
    }
}
