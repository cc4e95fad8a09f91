// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Addresses between two others (`struct xt_iprange_mtinfo`, linux/netfilter/xt_iprange.h).
enum RangeExtension: DescribedMatch {
    static let signature = ExtensionSignature("iprange", revision: 1, dataLength: 72)

    private static let flags = Member<UInt8>(at: 64)

    /// The flag (`IPRANGE_SRC`, `IPRANGE_DST`) that is shifted left by four if the range is inverted.
    private static let sides: [(flag: UInt8, option: String, side: AddressSide, low: MemberBytes, high: MemberBytes)] =
        [
            (1 << 0, "--src-range", .source, MemberBytes(at: 0, length: 16), MemberBytes(at: 16, length: 16)),
            (1 << 1, "--dst-range", .destination, MemberBytes(at: 32, length: 16), MemberBytes(at: 48, length: 16)),
        ]

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let flags = data[flags]
        guard flags & ~0x33 == 0, flags >> 4 & ~flags == 0 else { return nil }
        var match = MatchDescription("iprange")
        for item in sides where flags & item.flag != 0 {
            let isInverted = flags & item.flag << 4 != 0
            let (low, high) = (data.addressBits(item.low), data.addressBits(item.high))
            match.text.add(
                item.option, "\(low.text(data.family))-\(high.text(data.family))", isInverted: isInverted)
            if let addresses = data.addresses(item.low, item.high) {
                match.conditions.all.append(.addresses(item.side, addresses, isInverted: isInverted))
            } else {
                match.conditions.isComplete = false
            }
        }
        return match
    }
}
