// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The differentiated services code point (`struct xt_dscp_info`, linux/netfilter/xt_dscp.h).
enum DSCPExtension: DescribedMatch {
    static let signature = ExtensionSignature("dscp", revision: 0, dataLength: 8)

    private static let codePoint = Member<UInt8>(at: 0)
    private static let invert = Member<UInt8>(at: 1)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("dscp", .undecidable)
        match.text.add("--dscp", SaveWords.hexadecimal(data[codePoint], digits: 2), isInverted: isInverted)
        return match
    }
}

/// The type of service (`struct xt_tos_match_info`, linux/netfilter/xt_dscp.h).
enum TypeOfServiceExtension: DescribedMatch {
    static let signature = ExtensionSignature("tos", revision: 1, dataLength: 8)

    private static let mask = Member<UInt8>(at: 0)
    private static let value = Member<UInt8>(at: 1)
    private static let invert = Member<UInt8>(at: 2)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        let value = SaveWords.hexadecimal(data[value], digits: 2)
        var match = MatchDescription("tos", .undecidable)
        match.text.add("--tos", "\(value)/\(SaveWords.hexadecimal(data[mask], digits: 2))", isInverted: isInverted)
        return match
    }
}
