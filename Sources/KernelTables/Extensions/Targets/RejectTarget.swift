// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Answers with an error (`struct ipt_reject_info`, linux/netfilter_ipv4/ipt_REJECT.h; `struct ip6t_reject_info`).
enum RejectTarget: TargetExtension {
    static let signature = ExtensionSignature("REJECT", revision: 0, dataLength: 8)

    private static let with = Member<UInt32>(at: 0)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: with.range.upperBound, constants: [.init(with, portUnreachable(family))])
    }

    static func target(_ data: ExtensionData) -> Target? {
        data[with] == portUnreachable(data.family) ? .rejectPortUnreachable : nil
    }

    /// `IPT_ICMP_PORT_UNREACHABLE`, `IP6T_ICMP6_PORT_UNREACH`.
    private static func portUnreachable(_ family: IPFamily) -> UInt32 {
        switch family {
        case .ipv4: 3
        case .ipv6: 4
        }
    }
}

extension RejectTarget: DescribedTarget {
    /// `enum ipt_reject_with`, without `IPT_ICMP_ECHOREPLY`, which no program can choose.
    private static let ipv4Names: [UInt32: String] = [
        0: "icmp-net-unreachable", 1: "icmp-host-unreachable", 2: "icmp-proto-unreachable", 3: "icmp-port-unreachable",
        5: "icmp-net-prohibited", 6: "icmp-host-prohibited", 7: "tcp-reset", 8: "icmp-admin-prohibited",
    ]

    /// `enum ip6t_reject_with`, of which iptables knows no others.
    private static let ipv6Names: [UInt32: String] = [
        0: "icmp6-no-route", 1: "icmp6-adm-prohibited", 3: "icmp6-addr-unreachable", 4: "icmp6-port-unreachable",
        6: "tcp-reset", 7: "icmp6-policy-fail", 8: "icmp6-reject-route",
    ]

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        guard let name = (data.family == .ipv4 ? ipv4Names : ipv6Names)[data[with]] else { return nil }
        var text: SaveWords = "REJECT"
        text.add("--reject-with", name)
        return TargetDescription(text: text, effect: .refuses)
    }
}
