import NetworkTypes
import XTables

/// The bytes of one match or target: its head, what is always the same, and where its values stand.
///
/// Sizes, revisions and constants are those of iptables-legacy 1.8.9, so that our entries are its entries byte by byte.
struct ExtensionForm: Sendable {
    /// The name by which the kernel looks the extension up.
    let name: StaticString
    /// The revision of its data.
    let revision: UInt8
    /// The length of its data, padded to eight bytes (`XT_ALIGN`).
    let dataLength: Int
    /// The length of that part of the data that userspace sets; what follows belongs to the kernel.
    let userLength: Int
    /// Bytes that are the same in every use, by offset in the data.
    var constants: [(offset: Int, bytes: [UInt8])] = []
    /// Where the values stand in the data, in the order in which the encoder writes them.
    var fields: [Range<Int>] = []
    /// Four bytes that iptables also writes at another place, where they mean nothing: copied there, never compared.
    var copiedWord: (from: Int, to: Int)?
    /// Whether the data is one text that ends with a NUL.
    var isText = false
}

/// The matches the encoder knows, by what distinguishes their bytes.
enum MatchForm: UInt8, CaseIterable {
    case comment = 1
    case conntrack, addressType, mark, tcp, udp, sctp, random, recent, accounting

    init(_ match: Match) {
        self =
            switch match {
            case .comment: .comment
            case .conntrack: .conntrack
            case .localAddress: .addressType
            case .mark: .mark
            case .transport(.tcp, _): .tcp
            case .transport(.udp, _): .udp
            case .transport(.sctp, _): .sctp
            case .random: .random
            case .recent: .recent
            case .accounting: .accounting
            }
    }

    /// The bytes of the match; only xt_recent differs between the families.
    func form(_ family: IPFamily) -> ExtensionForm {
        switch self {
        case .comment:
            // xt_comment_info
            ExtensionForm(name: "comment", revision: 0, dataLength: 256, userLength: 256, isText: true)
        case .conntrack:
            // xt_conntrack_mtinfo3: match_flags 146 = XT_CONNTRACK_STATE, invert_flags 148, state_mask 150.
            ExtensionForm(
                name: "conntrack", revision: 3, dataLength: 168, userLength: 162, constants: [(146, [1, 0])],
                fields: [148..<152])
        case .addressType:
            // xt_addrtype_info_v1: source 0, dest 2, flags 4.
            ExtensionForm(name: "addrtype", revision: 1, dataLength: 8, userLength: 8, fields: [0..<4])
        case .mark:
            // xt_mark_mtinfo1: mark 0, mask 4, invert 8.
            ExtensionForm(name: "mark", revision: 1, dataLength: 16, userLength: 9, fields: [0..<9])
        case .tcp:
            // xt_tcp: spts 0, dpts 4, option, flags mask, flags, invflags.
            ExtensionForm(
                name: "tcp", revision: 0, dataLength: 16, userLength: 12, constants: [(2, [0xff, 0xff])],
                fields: [4..<8])
        case .udp:
            // xt_udp: spts 0, dpts 4, invflags 8.
            ExtensionForm(
                name: "udp", revision: 0, dataLength: 16, userLength: 9, constants: [(2, [0xff, 0xff])],
                fields: [4..<8])
        case .sctp:
            // xt_sctp_info: dpts 0, spts 4, chunkmap 8, chunk_match_type 264, flag_info 268 (chunktype of each is -1),
            // flag_count 280, flags 284, invflags 288.
            ExtensionForm(
                name: "sctp", revision: 0, dataLength: 296, userLength: 292,
                constants: [(268, [0xff]), (271, [0xff]), (274, [0xff]), (277, [0xff])],
                fields: [0..<4, 284..<288])
        case .random:
            // xt_statistic_info: mode 0 = random, flags 2, probability 4; from 16 on the kernel's pointer. What is between
            // counts packets in the other mode; iptables leaves the probability there as well.
            ExtensionForm(
                name: "statistic", revision: 0, dataLength: 24, userLength: 8, fields: [4..<8],
                copiedWord: (from: 4, to: 12))
        case .recent:
            // xt_recent_mtinfo_v1: seconds 0, hit_count 4, check_set 8, invert 9, name 10, side 210, mask 212. An IPv4
            // mask has four bytes; iptables sets the other twelve when no mask is given, as kube-proxy does.
            ExtensionForm(
                name: "recent", revision: 1, dataLength: 232, userLength: 212 + family.addressBits / 8,
                constants: [(212, [UInt8](repeating: 0xff, count: family.addressBits / 8))],
                fields: [0..<4, 8..<9, 10..<42])
        case .accounting:
            // xt_nfacct_match_info_v1: name 0; from 32 on the kernel's pointer.
            ExtensionForm(name: "nfacct", revision: 1, dataLength: 40, userLength: 32, fields: [0..<32])
        }
    }
}

/// The targets the encoder knows, by what distinguishes their bytes.
enum TargetForm: UInt8, CaseIterable {
    case none
    case accept, drop, `return`, jump, mark, masquerade, destinationNAT, reject

    init(_ target: Target?) {
        self =
            switch target {
            case nil: .none
            case .accept: .accept
            case .drop: .drop
            case .return: .return
            case .jump: .jump
            case .mark: .mark
            case .masquerade: .masquerade
            case .destinationNAT: .destinationNAT
            case .rejectPortUnreachable: .reject
            }
    }

    /// The name libiptc gives a standard target: that of the verdict, nothing for none; `nil` for all others.
    var verdictName: StaticString? {
        switch self {
        case .none: ""
        case .accept: "ACCEPT"
        case .drop: "DROP"
        case .return: "RETURN"
        default: nil
        }
    }

    /// The bytes of the target; `nil` for standard targets, which libiptc knows by name.
    func form(_ family: IPFamily) -> ExtensionForm? {
        switch (self, family) {
        case (.none, _), (.accept, _), (.drop, _), (.return, _), (.jump, _):
            nil
        case (.mark, _):
            // xt_mark_tginfo2: mark 0, mask 4.
            ExtensionForm(name: "MARK", revision: 2, dataLength: 8, userLength: 8, fields: [0..<8])
        case (.masquerade, .ipv4):
            // nf_nat_ipv4_multi_range_compat: rangesize 0 = 1, flags 4.
            ExtensionForm(
                name: "MASQUERADE", revision: 0, dataLength: 24, userLength: 20, constants: [(0, [1, 0, 0, 0])],
                fields: [4..<8])
        case (.masquerade, .ipv6):
            // nf_nat_range: flags 0.
            ExtensionForm(name: "MASQUERADE", revision: 0, dataLength: 40, userLength: 40, fields: [0..<4])
        case (.destinationNAT, .ipv4):
            // nf_nat_range2: flags 0 = address and port given, min_addr 4, max_addr 20, min_proto 36, max_proto 38.
            ExtensionForm(
                name: "DNAT", revision: 2, dataLength: 48, userLength: 44, constants: [(0, [3, 0, 0, 0])],
                fields: [4..<8, 20..<24, 36..<40])
        case (.destinationNAT, .ipv6):
            ExtensionForm(
                name: "DNAT", revision: 2, dataLength: 48, userLength: 44, constants: [(0, [3, 0, 0, 0])],
                fields: [4..<20, 20..<36, 36..<40])
        case (.reject, .ipv4):
            // ipt_reject_info: with = IPT_ICMP_PORT_UNREACHABLE.
            ExtensionForm(
                name: "REJECT", revision: 0, dataLength: 8, userLength: 4, constants: [(0, [3, 0, 0, 0])])
        case (.reject, .ipv6):
            // ip6t_reject_info: with = IP6T_ICMP6_PORT_UNREACH.
            ExtensionForm(
                name: "REJECT", revision: 0, dataLength: 8, userLength: 4, constants: [(0, [4, 0, 0, 0])])
        }
    }
}
