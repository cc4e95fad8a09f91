// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The security parameter index of an IPsec packet (`struct xt_esp`, linux/netfilter/xt_esp.h).
enum ESPExtension: DescribedMatch {
    static let signature = ExtensionSignature("esp", revision: 0, dataLength: 16)

    private static let low = Member<UInt32>(at: 0)
    private static let high = Member<UInt32>(at: 4)
    private static let invert = Member<UInt8>(at: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert), data[low] <= data[high] else { return nil }
        var match = MatchDescription("esp", .undecidable)
        // iptables-save leaves every index out, even if it is inverted.
        if data[low] == 0, data[high] == .max { return isInverted ? nil : match }
        match.text.add("--espspi", data[low]...data[high], isInverted: isInverted)
        return match
    }
}
