// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The time to live of an IPv4 packet (`struct ipt_ttl_info`, linux/netfilter_ipv4/ipt_ttl.h).
enum TimeToLiveExtension: DescribedMatch {
    static let signature = ExtensionSignature("ttl", revision: 0, ipv4: 8, ipv6: nil)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        HopLayout.describe(data, name: "ttl", option: "--ttl")
    }
}

/// The hop limit of an IPv6 packet (`struct ip6t_hl_info`, linux/netfilter_ipv6/ip6t_hl.h).
enum HopLimitExtension: DescribedMatch {
    static let signature = ExtensionSignature("hl", revision: 0, ipv4: nil, ipv6: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        HopLayout.describe(data, name: "hl", option: "--hl")
    }
}

/// The struct that both share.
private enum HopLayout {
    private static let mode = Member<UInt8>(at: 0)
    private static let value = Member<UInt8>(at: 1)

    static func describe(_ data: ExtensionData, name: SaveWords, option: String) -> MatchDescription? {
        var match = MatchDescription(name, .undecidable)
        // `IPT_TTL_EQ` and so on.
        switch data[mode] {
        case 0: match.text.add("\(option)-eq", data[value])
        case 1: match.text.add("\(option)-eq", data[value], isInverted: true)
        case 2: match.text.add("\(option)-lt", data[value])
        case 3: match.text.add("\(option)-gt", data[value])
        default: return nil
        }
        return match
    }
}
