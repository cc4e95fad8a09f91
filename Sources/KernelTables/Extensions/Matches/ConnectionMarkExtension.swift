// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The connection's mark under a mask (`struct xt_connmark_mtinfo1`, linux/netfilter/xt_connmark.h).
enum ConnectionMarkExtension: DescribedMatch {
    static let signature = ExtensionSignature("connmark", revision: 1, dataLength: 16)

    private static let mark = Member<UInt32>(at: 0)
    private static let mask = Member<UInt32>(at: 4)
    private static let invert = Member<UInt8>(at: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("connmark", .undecidable)
        match.text.add("--mark", SaveWords.mark(data[mark], mask: data[mask]), isInverted: isInverted)
        return match
    }
}
