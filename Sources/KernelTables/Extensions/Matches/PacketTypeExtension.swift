// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// To whom the link layer delivers the packet (`struct xt_pkttype_info`, linux/netfilter/xt_pkttype.h).
enum PacketTypeExtension: DescribedMatch {
    static let signature = ExtensionSignature("pkttype", revision: 0, dataLength: 8)

    private static let type = Member<Int32>(at: 0)
    private static let invert = Member<Int32>(at: 4)

    /// `PACKET_*` of linux/if_packet.h.
    private static let names: [Int32: String] = [0: "unicast", 1: "broadcast", 2: "multicast", 3: "otherhost"]

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let name = names[data[type]], let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("pkttype", .undecidable)
        match.text.add("--pkt-type", name, isInverted: isInverted)
        return match
    }
}
