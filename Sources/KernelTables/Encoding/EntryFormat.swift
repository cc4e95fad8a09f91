// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Where the fields of a kernel entry stand: the whole difference between IPv4 and IPv6 entries.
///
/// The structs are `ipt_entry` and `ip6t_entry` (linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h);
/// their layout is part of the kernel's stable interface. All numbers are bytes.
struct EntryFormat: Sendable {
    /// Length of one address and of one netmask.
    let addressLength: Int
    /// Offset of the name of the input interface; the output interface follows.
    let interfaceOffset: Int
    /// Offset of the mask of the input interface's name; that of the output interface follows.
    let interfaceMaskOffset: Int
    /// Offset of the 16-bit protocol number.
    let protocolOffset: Int
    /// Length of protocol, flags and inverse flags together, from ``protocolOffset``.
    let protocolLength: Int
    /// Offset of the type of service, which neither kernel nor iptables looks at (`ip6t_ip6.tos`).
    let typeOfServiceOffset: Int?
    /// Offset of the flags.
    let flagsOffset: Int
    /// Offset of the inverse flags.
    let inverseFlagsOffset: Int
    /// Offset of the 16-bit offset of the target.
    let targetOffsetOffset: Int
    /// Offset of the 16-bit length of the entry.
    let nextOffsetOffset: Int
    /// Offset of the packet counter; the byte counter follows.
    let countersOffset: Int
    /// Length of the entry without matches and target.
    let headerLength: Int
    /// Value of the flags of an entry with a protocol (`IP6T_F_PROTO`; IPv4 has no such flag).
    let protocolFlag: UInt8
    /// Flag of a jump that does not come back (`IPT_F_GOTO`, `IP6T_F_GOTO`).
    let gotoFlag: UInt8
    /// Flag of a rule for fragments (`IPT_F_FRAG`; IPv6 has a match for them).
    let fragmentFlag: UInt8?

    /// The format of a family's entries.
    static func of(_ family: IPFamily) -> EntryFormat {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }

    private static let ipv4 = EntryFormat(
        addressLength: 4, interfaceOffset: 16, interfaceMaskOffset: 48, protocolOffset: 80, protocolLength: 4,
        typeOfServiceOffset: nil, flagsOffset: 82, inverseFlagsOffset: 83, targetOffsetOffset: 88, nextOffsetOffset: 90,
        countersOffset: 96,
        headerLength: 112, protocolFlag: 0, gotoFlag: 0x02, fragmentFlag: 0x01)

    private static let ipv6 = EntryFormat(
        addressLength: 16, interfaceOffset: 64, interfaceMaskOffset: 96, protocolOffset: 128, protocolLength: 5,
        typeOfServiceOffset: 130, flagsOffset: 131, inverseFlagsOffset: 132, targetOffsetOffset: 140,
        nextOffsetOffset: 142, countersOffset: 152,
        headerLength: 168, protocolFlag: 0x01, gotoFlag: 0x04, fragmentFlag: nil)

    /// Length of an interface name in an entry (`IFNAMSIZ`).
    static let interfaceNameLength = 16

    /// Inverse flag: the source address must be another (`IPT_INV_SRCIP`, the same for IPv6).
    static let invertsSource: UInt8 = 0x08
    /// Inverse flag: the destination address must be another (`IPT_INV_DSTIP`).
    static let invertsDestination: UInt8 = 0x10
    /// Inverse flag: the input interface must be another (`IPT_INV_VIA_IN`).
    static let invertsInputInterface: UInt8 = 0x01
    /// Inverse flag: the protocol must be another (`XT_INV_PROTO`).
    static let invertsProtocol: UInt8 = 0x40
    /// Inverse flag: the packet must be another fragment, or none (`IPT_INV_FRAG`).
    static let invertsFragment: UInt8 = 0x20
    /// Inverse flag: the output interface must be another (`IPT_INV_VIA_OUT`).
    static let invertsOutputInterface: UInt8 = 0x02
}

/// The head of a match or target (`xt_entry_match`, `xt_entry_target`): its data follows.
enum ExtensionHead {
    /// Offset of the 16-bit length of head and data.
    static let sizeOffset = 0
    /// Offset of the name.
    static let nameOffset = 2
    /// Length of the name, final NUL included (`XT_EXTENSION_MAXNAMELEN`).
    static let nameLength = 29
    /// Offset of the 8-bit revision.
    static let revisionOffset = 31
    /// Length of the head.
    static let length = 32
}
