// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The packets that a search for differences begins with: those that rules are least likely to ask for.
enum PlainPacket {
    static let sourcePort: UInt16 = 40_000
    static let destinationPort: UInt16 = 60_999
    static let interface = "eth0"

    /// Addresses for documentation (RFC 5737, RFC 3849), which no cluster should have.
    static func source(_ family: IPFamily) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: 0xc633_6401)
        case .ipv6: IPAddress(ipv6High: 0x2001_0db8_0001_0000, low: 1)
        }
    }

    static func destination(_ family: IPFamily) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: 0xcb00_7101)
        case .ipv6: IPAddress(ipv6High: 0x2001_0db8_0002_0000, low: 1)
        }
    }

    /// A packet from the network, and one of the host.
    static func all(_ family: IPFamily, _ network: NodeNetwork) -> [PacketClass] {
        let end = AddressPort(destination(family), destinationPort)
        let local = network.localAddresses.filter { $0.family == family }.min() ?? .loopback(family)
        return [
            Packet(from: source(family), port: sourcePort, to: end, .tcp, origin: .network(interface: interface)),
            Packet(from: local, port: sourcePort, to: end, .tcp, origin: .host),
        ].map { PacketClass(packet: $0) }
    }

    /// Changes that make a packet plainer in one thing each.
    static func simplifications(_ packet: PacketClass, _ network: NodeNetwork) -> [(inout PacketClass) -> Void] {
        let family = packet.packet.family
        let kinds = all(family, network)
        let plain = packet.packet.origin == .host ? kinds[1].packet : kinds[0].packet
        return [
            { $0.ages = [:] }, { $0.packet.mark = plain.mark }, { $0.packet.state = plain.state },
            { $0.packet.tcpFlags = plain.tcpFlags }, { $0.packet.sourcePort = plain.sourcePort },
            { $0.packet.source = plain.source }, { $0.packet.origin = plain.origin },
            { $0.packet.destinationPort = plain.destinationPort }, { $0.packet.destination = plain.destination },
            { $0 = $0.with(.transport(plain.protocolNumber)) },
        ]
    }
}
