// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// How much a connection has transferred (`struct xt_connbytes_info`, linux/netfilter/xt_connbytes.h).
enum ConnectionBytesExtension: DescribedMatch {
    static let signature = ExtensionSignature("connbytes", revision: 0, dataLength: 24)

    private static let from = Member<UInt64>(at: 0)
    private static let to = Member<UInt64>(at: 8)
    private static let unit = Member<UInt8>(at: 16)
    private static let direction = Member<UInt8>(at: 17)

    /// `enum xt_connbytes_what`.
    private static let unitNames: [UInt8: String] = [0: "packets", 1: "bytes", 2: "avgpkt"]
    /// `enum xt_connbytes_direction`.
    private static let directionNames: [UInt8: String] = [0: "original", 1: "reply", 2: "both"]

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let unit = unitNames[data[unit]], let direction = directionNames[data[direction]] else { return nil }
        // The greater number first stands for an inverted range.
        let isInverted = data[from] > data[to]
        let (low, high) = (min(data[from], data[to]), max(data[from], data[to]))
        var match = MatchDescription("connbytes", .undecidable)
        let isOpen = high == 0 || high == .max
        match.text.add("--connbytes", isOpen ? "\(low)" : "\(low):\(high)", isInverted: isInverted)
        match.text.add("--connbytes-mode", unit)
        match.text.add("--connbytes-dir", direction)
        return match
    }
}
