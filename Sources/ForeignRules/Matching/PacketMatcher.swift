// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// How many packets of a kind meet a condition.
enum Likelihood: Int, Comparable {
    case never
    /// Some do, or it cannot be said.
    case sometimes
    case always

    static func < (left: Likelihood, right: Likelihood) -> Bool { left.rawValue < right.rawValue }

    /// That of the opposite condition.
    var inverted: Likelihood {
        switch self {
        case .never: .always
        case .sometimes: .sometimes
        case .always: .never
        }
    }

    func inverted(_ isInverted: Bool) -> Likelihood { isInverted ? inverted : self }

    fileprivate init(_ isMet: Bool) { self = isMet ? .always : .never }

    /// That of one of some things, which all are as likely.
    fileprivate init(_ count: Int, of total: Int) {
        self = count == 0 ? .never : count == total ? .always : .sometimes
    }
}

/// Compares packets that begin connections to Services with conditions of rules, in one built-in chain and the chains it
/// leads to.
struct PacketMatcher {
    let family: IPFamily
    let chain: BuiltInChain
    /// The addresses that serve node ports; empty if they are not known.
    let nodePortAddresses: [IPAddress]
    /// The addresses of the node; empty if they are not known.
    let localAddresses: Set<IPAddress>
    let masqueradeMark: UInt32

    /// Whether an address is one of the node's; `nil` if that is not known.
    func isLocal(_ address: IPAddress) -> Bool? { localAddresses.isEmpty ? nil : localAddresses.contains(address) }

    /// How many of the packets meet all conditions.
    func likelihood(_ conditions: RuleConditions, _ packet: ServicePacket) -> Likelihood {
        var likelihood = Likelihood.always
        for condition in conditions.all {
            likelihood = min(likelihood, self.likelihood(condition, packet))
            if likelihood == .never { break }
        }
        return likelihood
    }

    /// Whether packets to whatever destination can meet all conditions.
    func canMatchAny(_ conditions: RuleConditions) -> Bool {
        conditions.all.allSatisfy { condition in
            switch condition {
            case .source(let address): source(address) != .never
            case .inputInterface(let interface), .outputInterface(let interface): self.interface(interface) != .never
            case .fragments(let fragments): fragments != .following
            case .packet(.icmp): false
            case .packet(.connectionStates(let states, let isInverted)):
                isInverted
                    ? !states.contains([.new, .destinationNAT]) : !states.isDisjoint(with: [.new, .destinationNAT])
            default: true
            }
        }
    }

    private func likelihood(_ condition: RuleConditions.Condition, _ packet: ServicePacket) -> Likelihood {
        switch condition {
        case .source(let address): source(address)
        case .destination(let address): destination(packet) { address.matches($0, family: family) }
        case .inputInterface(let interface), .outputInterface(let interface): self.interface(interface)
        case .transport(let match):
            match.number == 0
                ? .always : Likelihood((match.number == UInt16(packet.transport.number)) != match.isInverted)
        case .fragments(let fragments): Likelihood(fragments == .firstOrWhole)
        case .packet(let condition): likelihood(condition, packet)
        case .undecidable: .sometimes
        }
    }

    private func likelihood(_ condition: PacketCondition, _ packet: ServicePacket) -> Likelihood {
        switch condition {
        case .ports(let side, let ranges, let isInverted):
            ports(side, ranges, packet.port).inverted(isInverted)
        case .tcpFlags(let mask, let set, let isInverted):
            Likelihood((Self.synFlag & mask == set) != isInverted)
        case .icmp:
            .never
        case .connectionStates(let states, let isInverted):
            Likelihood(states.isDisjoint(with: packet.states) == isInverted)
        case .addressTypes(.destination, let types, let isInverted):
            destinationType(types, packet).inverted(isInverted)
        case .addressTypes(.source, let types, let isInverted):
            sourceType(types).inverted(isInverted)
        case .addresses(.destination, let range, let isInverted):
            destination(packet) { range.contains($0) != isInverted }
        case .addresses(.source, _, _):
            .sometimes
        case .mark(let value, let mask, let isInverted):
            mark(value, mask, packet.isMarked).inverted(isInverted)
        }
    }

    /// The flags of a packet that begins a connection (`TH_SYN`).
    private static let synFlag: UInt8 = 0x02

    private func source(_ address: MaskedAddress) -> Likelihood {
        if address.mask == .zero { return Likelihood(!address.isInverted) }
        // A range of loopback addresses: no packet of another interface comes from there.
        let loopback = IPAddress.loopback(family)
        let isLoopback =
            switch family {
            case .ipv4: address.address.low >> 24 == loopback.low >> 24 && address.mask.low >> 24 == 0xff
            case .ipv6: address.address == AddressBits(loopback) && address.mask.prefixLength(.ipv6) == 128
            }
        return isLoopback ? Likelihood(address.isInverted) : .sometimes
    }

    private func destination(_ packet: ServicePacket, _ isMet: (IPAddress) -> Bool) -> Likelihood {
        switch packet.destination {
        case .address(let address): Likelihood(isMet(address))
        case .nodePortAddresses where nodePortAddresses.isEmpty: .sometimes
        case .nodePortAddresses: Likelihood(nodePortAddresses.count(where: isMet), of: nodePortAddresses.count)
        }
    }

    /// Packets that stay within the loopback interface are not considered.
    private func interface(_ interface: InterfaceMatch) -> Likelihood {
        if interface.isWildcard, interface.name.isEmpty { return Likelihood(!interface.isInverted) }
        let isLoopback = interface.name == "lo" && !interface.isWildcard
        return isLoopback ? Likelihood(interface.isInverted) : .sometimes
    }

    private func ports(_ side: PortSide, _ ranges: [ClosedRange<UInt16>], _ port: UInt16) -> Likelihood {
        let isAny = ranges.contains(UInt16.min...UInt16.max)
        let isMet = ranges.contains { $0.contains(port) }
        return switch side {
        case .destination: Likelihood(isMet)
        case .source: isAny ? .always : .sometimes
        case .either: isMet ? .always : .sometimes
        }
    }

    private func destinationType(_ types: UInt16, _ packet: ServicePacket) -> Likelihood {
        let isLocal: Bool? =
            switch packet.destination {
            case .nodePortAddresses: true
            case .address(let address): self.isLocal(address)
            }
        return switch isLocal {
        case true?: Likelihood(types & AddressTypes.local != 0)
        case false? where types & AddressTypes.unicast == 0: .never
        default: .sometimes
        }
    }

    /// Packets with a source on this node pass OUTPUT, all others the other chains.
    private func sourceType(_ types: UInt16) -> Likelihood {
        switch chain {
        case .output: Likelihood(types & AddressTypes.local != 0)
        case .postrouting: .sometimes
        default: types == AddressTypes.local ? .never : .sometimes
        }
    }

    private func mark(_ value: UInt32, _ mask: UInt32, _ isMarked: Bool?) -> Likelihood {
        if mask == 0 { return Likelihood(value == 0) }
        guard let isMarked, mask & masqueradeMark != 0 else { return .sometimes }
        guard (value & masqueradeMark != 0) == isMarked else { return .never }
        return mask == masqueradeMark ? .always : .sometimes
    }
}
