// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Finds values of packets that have given answers to questions.
///
/// Each question divides the values of one dimension into few ranges; the ends of all of them are tried, plain ones first.
struct PacketValues {
    let family: IPFamily
    let network: NodeNetwork
    private let localAddresses: [IPAddress]

    init(_ family: IPFamily, _ network: NodeNetwork) {
        self.family = family
        self.network = network
        localAddresses = network.localAddresses.filter { $0.family == family }.sorted()
    }

    /// Values of a dimension, among which is one for each combination of answers that any value has.
    func candidates(
        _ dimension: PacketQuestion.Dimension, _ questions: [PacketQuestion], _ packet: Packet
    ) -> [PacketValue] {
        switch dimension {
        case .source: addresses(questions, PlainPacket.source(family), .source).map(PacketValue.source)
        case .destination:
            addresses(questions, PlainPacket.destination(family), .destination).map(PacketValue.destination)
        case .inputInterface: interfaces(questions).map(PacketValue.inputInterface)
        case .transport: protocols(questions).map(PacketValue.transport)
        case .sourcePort: ports(questions, PlainPacket.sourcePort).map(PacketValue.sourcePort)
        case .destinationPort: ports(questions, PlainPacket.destinationPort).map(PacketValue.destinationPort)
        case .state: ConnectionState.allCases.map(PacketValue.state)
        case .mark: marks(questions).map(PacketValue.mark)
        case .tcpFlags: tcpFlags(questions).map(PacketValue.tcpFlags)
        case .icmp: messages(questions, packet).map(PacketValue.icmp)
        case .client(let list): ages(questions).map { PacketValue.client(list, $0) }
        }
    }

    private func addresses(
        _ questions: [PacketQuestion], _ plain: IPAddress, _ side: AddressSide
    ) -> [IPAddress] {
        var found = [plain]
        for question in questions {
            switch question {
            case .condition(.source(let masked)), .condition(.destination(let masked)):
                found += masked.bounds(family)
            case .condition(.packet(.addresses(_, let range, _))):
                found += [range.lowerBound, range.upperBound, range.lowerBound.previous, range.upperBound.next]
            case .condition(.packet(.addressTypes)):
                found += localAddresses + [IPAddress.loopback(family)] + Self.specialAddresses(family)
            case .condition(.outputInterface), .isRoutable:
                found += (network.routes ?? []).filter { $0.range.family == family }.map(\.range.address.next)
            case .isLoopback: found.append(.loopback(family))
            case .destination(let index):
                // Those of an index are tried by themselves.
                found += localAddresses.filter { !index.contains($0) }
            default: break
            }
        }
        return found
    }

    /// A broadcast and a multicast address.
    private static func specialAddresses(_ family: IPFamily) -> [IPAddress] {
        switch family {
        case .ipv4: [IPAddress(ipv4: .max), IPAddress(ipv4: 0xe000_0005)]
        case .ipv6: [IPAddress(ipv6High: 0xff05 << 48, low: 5), .any(.ipv6)]
        }
    }

    private func interfaces(_ questions: [PacketQuestion]) -> [String] {
        var found = [PlainPacket.interface]
        for case .condition(.inputInterface(let match)) in questions {
            // No packet of another host comes in by the loopback interface.
            guard match.name != NodeNetwork.loopbackInterface || match.isWildcard else { continue }
            found.append(match.isWildcard ? "\(match.name)0" : match.name)
        }
        return found + ["other0", "x"]
    }

    private func protocols(_ questions: [PacketQuestion]) -> [UInt8] {
        var found: [UInt8] = TransportProtocol.allCases.map(\.number).reversed() + [family == .ipv4 ? 1 : 58, 47]
        for case .condition(.transport(let match)) in questions {
            found.append(UInt8(truncatingIfNeeded: match.number))
        }
        return found
    }

    private func ports(_ questions: [PacketQuestion], _ plain: UInt16) -> [UInt16] {
        var found = [plain]
        for case .condition(.packet(.ports(_, let ranges, _))) in questions {
            for range in ranges { found += [range.lowerBound, range.upperBound &+ 1, range.lowerBound &- 1] }
        }
        return found
    }

    private func marks(_ questions: [PacketQuestion]) -> [UInt32] {
        var (bits, value): (UInt32, UInt32) = (0, 0)
        var found: [UInt32] = [0]
        for case .condition(.packet(.mark(let asked, let mask, _))) in questions {
            // With what the questions before had, and with nothing else.
            found += found.map { $0 & ~mask | asked } + [asked]
            let lowest = mask & (~mask &+ 1)
            found += [asked ^ lowest, value ^ lowest]
            bits |= mask
            value = value & ~mask | asked
        }
        return found + [bits]
    }

    private func tcpFlags(_ questions: [PacketQuestion]) -> [UInt8] {
        var found = [Packet.synFlag, Packet.ackFlag, 0, 0x3f]
        for case .condition(.packet(.tcpFlags(let mask, let set, _))) in questions {
            found += found.prefix(4).map { $0 & ~mask | set } + [set ^ (mask & (~mask &+ 1))]
        }
        return found
    }

    private func messages(_ questions: [PacketQuestion], _ packet: Packet) -> [ICMPMessage] {
        guard let own = packet.icmp else { return [] }
        var found = [own, ICMPMessage(type: 0), ICMPMessage(type: 3)]
        for case .condition(.packet(.icmp(let type, let codes, _))) in questions {
            let type = type ?? own.type
            found += [
                ICMPMessage(type: type, code: codes.lowerBound), ICMPMessage(type: type, code: codes.upperBound &+ 1),
                ICMPMessage(type: type &+ 1),
            ]
        }
        return found
    }

    private func ages(_ questions: [PacketQuestion]) -> [UInt32?] {
        var found: [UInt32?] = [nil, 0]
        for case .condition(.recent(let recent)) in questions {
            if case .check(let seconds) = recent.action { found += [seconds, seconds &+ 1] }
        }
        return found
    }
}

extension MaskedAddress {
    /// The first and the last address that are meant, and those next to them; of a mask with holes, some.
    fileprivate func bounds(_ family: IPFamily) -> [IPAddress] {
        let last = IPAddress(family, AddressBits(high: address.high | ~mask.high, low: address.low | ~mask.low))
        let first = IPAddress(family, address)
        // A client of a range is seldom its first address.
        return (first == last ? [] : [first.next]) + [first, last, first.previous, last.next]
    }
}

extension IPAddress {
    init(_ family: IPFamily, _ bits: AddressBits) {
        switch family {
        case .ipv4: self.init(ipv4: UInt32(truncatingIfNeeded: bits.low))
        case .ipv6: self.init(ipv6High: bits.high, low: bits.low)
        }
    }

    /// The next address; behind the last one comes the first one.
    fileprivate var next: IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: low) &+ 1)
        case .ipv6: IPAddress(ipv6High: low == .max ? high &+ 1 : high, low: low &+ 1)
        }
    }

    /// The address before.
    fileprivate var previous: IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: low) &- 1)
        case .ipv6: IPAddress(ipv6High: low == 0 ? high &- 1 : high, low: low &- 1)
        }
    }
}
