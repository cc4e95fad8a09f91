// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The length of the packet (`struct xt_length_info`, linux/netfilter/xt_length.h).
enum LengthExtension: DescribedMatch {
    static let signature = ExtensionSignature("length", revision: 0, dataLength: 8)

    private static let lengths = MemberRange(at: 0)
    private static let invert = Member<UInt8>(at: 4)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let lengths = data[lengths], let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("length", .undecidable)
        match.text.add("--length", lengths, isInverted: isInverted)
        return match
    }
}

/// The maximum segment size of a TCP handshake (`struct xt_tcpmss_match_info`, linux/netfilter/xt_tcpmss.h).
enum SegmentSizeExtension: DescribedMatch {
    static let signature = ExtensionSignature("tcpmss", revision: 0, dataLength: 8)

    private static let sizes = MemberRange(at: 0)
    private static let invert = Member<UInt8>(at: 4)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let sizes = data[sizes], let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("tcpmss", .undecidable)
        match.text.add("--mss", sizes, isInverted: isInverted)
        return match
    }
}
