// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The type and code of an ICMP message (`struct ipt_icmp`, linux/netfilter_ipv4/ip_tables.h).
enum ICMPExtension: DescribedMatch {
    static let signature = ExtensionSignature("icmp", revision: 0, ipv4: 8, ipv6: nil)

    /// The type that stands for all of them.
    private static let anyType: UInt8 = 0xff

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        ICMPLayout.describe(data, name: "icmp", option: "--icmp-type", anyType: anyType)
    }
}

/// The type and code of an ICMPv6 message (`struct ip6t_icmp`, linux/netfilter_ipv6/ip6_tables.h).
enum ICMPv6Extension: DescribedMatch {
    static let signature = ExtensionSignature("icmp6", revision: 0, ipv4: nil, ipv6: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        ICMPLayout.describe(data, name: "icmp6", option: "--icmpv6-type", anyType: nil)
    }
}

/// The struct that both share.
private enum ICMPLayout {
    private static let type = Member<UInt8>(at: 0)
    private static let lowestCode = Member<UInt8>(at: 1)
    private static let highestCode = Member<UInt8>(at: 2)
    private static let inverseFlags = Member<UInt8>(at: 3)

    static func describe(
        _ data: ExtensionData, name: SaveWords, option: String, anyType: UInt8?
    ) -> MatchDescription? {
        let (low, high) = (data[lowestCode], data[highestCode])
        guard let isInverted = data.flag(inverseFlags), low <= high else { return nil }
        let isAnyCode = low == 0 && high == .max
        // iptables-save prints the first code only.
        guard isAnyCode || low == high else { return nil }
        var match = MatchDescription(name)
        let isAnyType = data[type] == anyType
        if isAnyType {
            guard isAnyCode else { return nil }
            match.text.add(option, "any", isInverted: isInverted)
        } else {
            match.text.add(option, "\(data[type])\(isAnyCode ? "" : "/\(low)")", isInverted: isInverted)
        }
        let type = isAnyType ? nil : data[type]
        match.conditions.all.append(.icmp(type: type, codes: low...high, isInverted: isInverted))
        return match
    }
}
