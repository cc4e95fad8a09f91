// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The header of a UDP datagram (`struct xt_udp`, linux/netfilter/xt_tcpudp.h).
enum UDPExtension: MatchExtension {
    static let signature = ExtensionSignature("udp", revision: 0, dataLength: 16)

    static let sourcePorts = MemberRange(at: 0)
    static let destinationPorts = MemberRange(at: 4)
    private static let inverseFlags = Member<UInt8>(at: 8)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(
            userLength: inverseFlags.range.upperBound, constants: [.init(sourcePorts.high, .max)],
            values: [destinationPorts.range])
    }

    @inline(__always)
    static func encode(destinationPorts ports: ClosedRange<UInt16>, to arena: ByteArena) {
        arena.append(ports.lowerBound)
        arena.append(ports.upperBound)
    }

    static func match(_ data: ExtensionData) -> Match? {
        Match(.udp, destinationPorts: data[destinationPorts])
    }
}

extension UDPExtension: DescribedMatch {
    // Inverse flags (`XT_UDP_INV_*`).
    private static let invertsSource: UInt8 = 0x01
    private static let invertsDestination: UInt8 = 0x02

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let inverse = data[inverseFlags]
        var match = MatchDescription("udp")
        guard let sources = data[sourcePorts], let destinations = data[destinationPorts], inverse & ~0x03 == 0,
            match.addPorts(.source, sources, isInverted: inverse & invertsSource != 0),
            match.addPorts(.destination, destinations, isInverted: inverse & invertsDestination != 0)
        else { return nil }
        return match
    }
}
