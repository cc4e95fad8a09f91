// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// How the routing table classifies an address (`struct xt_addrtype_info_v1`, linux/netfilter/xt_addrtype.h).
enum AddressTypeExtension: MatchExtension {
    static let signature = ExtensionSignature("addrtype", revision: 1, dataLength: 8)

    private static let source = Member<UInt16>(at: 0)
    private static let destination = Member<UInt16>(at: 2)
    private static let flags = Member<UInt32>(at: 4)

    /// The type of an address of this host (`XT_ADDRTYPE_LOCAL`).
    private static let local: UInt16 = 1 << 2

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: flags.range.upperBound, values: [source.range, destination.range])
    }

    @inline(__always)
    static func encode(local side: AddressSide, to arena: ByteArena) {
        arena.append(side == .source ? local : 0)
        arena.append(side == .destination ? local : 0)
    }

    static func match(_ data: ExtensionData) -> Match? {
        switch (data[source], data[destination]) {
        case (local, 0): .localAddress(.source)
        case (0, local): .localAddress(.destination)
        default: nil
        }
    }
}

extension AddressTypeExtension: DescribedMatch {
    // Flags (`XT_ADDRTYPE_*`).
    private static let invertsSource: UInt32 = 1 << 0
    private static let invertsDestination: UInt32 = 1 << 1
    private static let limitsInput: UInt32 = 1 << 2
    private static let limitsOutput: UInt32 = 1 << 3

    /// `RTN_*` of linux/rtnetlink.h.
    private static let typeNames = BitNames<UInt16>([
        (1 << 0, "UNSPEC"), (1 << 1, "UNICAST"), (1 << 2, "LOCAL"), (1 << 3, "BROADCAST"), (1 << 4, "ANYCAST"),
        (1 << 5, "MULTICAST"), (1 << 6, "BLACKHOLE"), (1 << 7, "UNREACHABLE"), (1 << 8, "PROHIBIT"), (1 << 9, "THROW"),
        (1 << 10, "NAT"), (1 << 11, "XRESOLVE"),
    ])

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let flags = data[flags]
        guard flags & ~0xf == 0 else { return nil }
        var match = MatchDescription("addrtype")
        for (types, side, option, flag) in [
            (data[source], AddressSide.source, "--src-type", invertsSource),
            (data[destination], .destination, "--dst-type", invertsDestination),
        ] {
            let isInverted = flags & flag != 0
            if types == 0 {
                if isInverted { return nil }
                continue
            }
            guard let names = typeNames.text(types) else { return nil }
            match.text.add(option, names, isInverted: isInverted)
            match.conditions.all.append(.addressTypes(side, types: types, isInverted: isInverted))
        }
        if flags & limitsInput != 0 { match.text.add("--limit-iface-in") }
        if flags & limitsOutput != 0 { match.text.add("--limit-iface-out") }
        if flags & (limitsInput | limitsOutput) != 0 { match.conditions.isComplete = false }
        return match
    }
}
