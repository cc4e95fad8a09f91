// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A packet that stands for all those to which two rulesets do the same, and what lists have about its client.
struct PacketClass {
    var packet: Packet
    /// How long ago the client was entered in lists.
    var ages: [ChainName: UInt32] = [:]

    /// The host, with the client in its lists.
    func network(_ network: NodeNetwork) -> NodeNetwork {
        guard !ages.isEmpty else { return network }
        var known = network
        known.recentClients = ages.mapValues { [packet.source: RecentClient(age: $0)] }
        return known
    }

    func answer(_ question: PacketQuestion, _ check: ConditionCheck) -> PacketQuestion.Answer {
        switch question {
        case .condition(.recent(let recent)):
            guard case .check(let seconds) = recent.action, let age = ages[recent.list] else { return .flag(false) }
            return .flag(age <= seconds)
        // What is asked most often needs no state made.
        case .condition(.source(let address)):
            return .flag(address.matches(packet.source, family: check.family))
        case .condition(.destination(let address)):
            return .flag(address.matches(packet.destination, family: check.family))
        case .condition(let condition):
            var state = PacketState(packet)
            if case .outputInterface = condition { state.route(check.network) }
            return .flag(check.answer(condition, state) == .met)
        case .isLoopback(.source): return .flag(packet.source.isLoopback)
        case .isLoopback(.destination): return .flag(packet.destination.isLoopback)
        case .isRoutable: return .flag(check.network.nextHop(to: packet.destination) != .none)
        case .destination(let index): return .address(index.contains(packet.destination) ? packet.destination : nil)
        case .port(let index):
            guard let port = packet.destinationPort, index.contains(port) else { return .port(nil) }
            return .port(port)
        }
    }

    /// The same packet with another value.
    func with(_ value: PacketValue) -> PacketClass {
        var other = self
        switch value {
        case .source(let address): other.packet.source = address
        case .destination(let address): other.packet.destination = address
        case .inputInterface(let name): other.packet.origin = .network(interface: name)
        case .transport(let number): other.packet.setProtocol(number)
        case .sourcePort(let port): other.packet.sourcePort = port
        case .destinationPort(let port): other.packet.destinationPort = port
        case .state(let state): other.packet.state = state
        case .mark(let mark): other.packet.mark = mark
        case .tcpFlags(let flags): other.packet.tcpFlags = flags
        case .icmp(let message): other.packet.icmp = message
        case .client(let list, let age): other.ages[list] = age
        }
        return other
    }
}

/// A value of one thing that a packet is made of.
enum PacketValue: Hashable {
    case source(IPAddress)
    case destination(IPAddress)
    case inputInterface(String)
    case transport(UInt8)
    case sourcePort(UInt16)
    case destinationPort(UInt16)
    case state(ConnectionState)
    case mark(UInt32)
    case tcpFlags(UInt8)
    case icmp(ICMPMessage)
    /// `nil` for a client that is not in the list.
    case client(ChainName, UInt32?)
}

extension Packet {
    /// Protocols that have ports where TCP has them: TCP, UDP, DCCP, SCTP, UDP-Lite.
    private static let protocolsWithPorts: Set<UInt8> = [6, 17, 33, 132, 136]
    private static let icmpNumbers: [IPFamily: (number: UInt8, echo: UInt8)] = [.ipv4: (1, 8), .ipv6: (58, 128)]

    /// Gives the packet another protocol, and what belongs to it.
    fileprivate mutating func setProtocol(_ number: UInt8) {
        protocolNumber = number
        if Self.protocolsWithPorts.contains(number) {
            sourcePort = sourcePort ?? PlainPacket.sourcePort
            destinationPort = destinationPort ?? PlainPacket.destinationPort
        } else {
            sourcePort = nil
            destinationPort = nil
        }
        let icmp = Self.icmpNumbers[family]
        self.icmp = icmp.flatMap { $0.number == number ? ICMPMessage(type: $0.echo) : nil }
    }
}
