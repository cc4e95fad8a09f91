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
