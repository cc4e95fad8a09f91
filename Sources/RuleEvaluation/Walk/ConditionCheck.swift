// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Whether a packet meets a condition.
enum ConditionAnswer: Hashable {
    case met
    case unmet
    /// So many packets meet it, drawn at random.
    case random(Share)
    /// The packet does not decide it; the words of the condition, and what is known if it is met.
    case undecided(String, UndecidedFact)

    init(_ isMet: Bool) { self = isMet ? .met : .unmet }

    init(_ isMet: Bool, isInverted: Bool) { self = isMet != isInverted ? .met : .unmet }
}

/// What an assumption about an undecided condition is about.
enum UndecidedFact: Hashable {
    /// Nothing that another rule could ask again.
    case nothing
    /// What holds for the packet all the way: another rule that asks the same gets the same answer.
    case packet(isInverted: Bool)
    /// The packet came in by this interface.
    case inputInterface(String, isInverted: Bool)
    /// It leaves by this interface.
    case outputInterface(String, isInverted: Bool)
    /// The mark has this value under this mask.
    case mark(UInt32, mask: UInt32, isInverted: Bool)
    /// The client is in this list.
    case recentClient(ChainName)
}

/// Compares a packet with conditions, on a host.
///
/// An object, since it is handed on at every step of every packet's way.
final class ConditionCheck {
    let family: IPFamily
    let network: NodeNetwork
    /// Whether a hash of the client's address is taken as a draw.
    let drawsClients: Bool
    /// Where all that is asked is listed, if that is of interest.
    let log: QuestionLog?

    init(family: IPFamily, network: NodeNetwork, drawsClients: Bool, log: QuestionLog?) {
        self.family = family
        self.network = network
        self.drawsClients = drawsClients
        self.log = log
    }

    func answer(_ condition: RuleCondition, _ state: PacketState) -> ConditionAnswer {
        switch condition {
        case .source(let address): ConditionAnswer(address.matches(state.source, family: family))
        case .destination(let address): ConditionAnswer(address.matches(state.destination, family: family))
        case .inputInterface(let match):
            interface(
                match, state.inputInterface, "-i", .inputInterface(match.name, isInverted: match.isInverted))
        case .outputInterface(let match):
            interface(
                match, state.outputInterface, "-o", .outputInterface(match.name, isInverted: match.isInverted))
        case .transport(let match):
            match.number == 0
                ? .met : ConditionAnswer(match.number == state.packet.protocolNumber, isInverted: match.isInverted)
        // Connection tracking has put fragments together.
        case .fragments(let fragments): ConditionAnswer(fragments == .firstOrWhole)
        case .packet(let condition): answer(condition, state)
        case .sameAddresses: ConditionAnswer(state.source == state.destination)
        case .clients(let share): clients(share, state)
        case .random(let probability): random(probability)
        case .recent(let recent): self.recent(recent, state)
        case .undecidable(let condition): .undecided(condition.text, .nothing)
        }
    }

    private func answer(_ condition: PacketCondition, _ state: PacketState) -> ConditionAnswer {
        switch condition {
        case .ports(let side, let ranges, let isInverted):
            return ports(side, ranges, state, isInverted: isInverted)
        case .tcpFlags(let mask, let set, let isInverted):
            return ConditionAnswer(state.packet.tcpFlags & mask == set, isInverted: isInverted)
        case .icmp(let type, let codes, let isInverted):
            guard let message = state.packet.icmp else { return .unmet }
            let isMet = type == nil || (type == message.type && codes.contains(message.code))
            return ConditionAnswer(isMet, isInverted: isInverted)
        case .connectionStates(let states, let isInverted):
            return ConditionAnswer(!states.isDisjoint(with: state.connectionStates), isInverted: isInverted)
        case .addressTypes(let side, let types, let isInverted):
            return ConditionAnswer(network.isOfType(types, side.address(state)), isInverted: isInverted)
        case .addresses(let side, let range, let isInverted):
            return ConditionAnswer(range.contains(side.address(state)), isInverted: isInverted)
        case .mark(let value, let mask, let isInverted):
            return mark(value, mask, state, isInverted: isInverted)
        }
    }

    private func interface(
        _ match: InterfaceMatch, _ interface: PacketState.Interface, _ option: String, _ fact: UndecidedFact
    ) -> ConditionAnswer {
        switch interface {
        case .named(let name): ConditionAnswer(match.isMet(by: name), isInverted: match.isInverted)
        case .none: ConditionAnswer(match.isMet(by: ""), isInverted: match.isInverted)
        case .unknown where match.isWildcard && match.name.isEmpty: ConditionAnswer(!match.isInverted)
        case .unknown where match.name == NodeNetwork.loopbackInterface && !match.isWildcard:
            ConditionAnswer(match.isInverted)
        case .unknown:
            .undecided(
                "\(option) \(match.name)\(match.isWildcard ? "+" : "")",
                match.isWildcard ? .packet(isInverted: match.isInverted) : fact)
        }
    }

    private func ports(
        _ side: PortSide, _ ranges: [ClosedRange<UInt16>], _ state: PacketState, isInverted: Bool
    ) -> ConditionAnswer {
        guard let destination = state.destinationPort else { return .unmet }
        func contains(_ port: UInt16) -> Bool { ranges.contains { $0.contains(port) } }
        if side == .destination || (side == .either && contains(destination)) {
            return ConditionAnswer(contains(destination), isInverted: isInverted)
        }
        if let source = state.sourcePort { return ConditionAnswer(contains(source), isInverted: isInverted) }
        if ranges.contains(UInt16.min...UInt16.max) { return ConditionAnswer(!isInverted) }
        let words = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound):\($0.upperBound)" }
        return .undecided("--sports \(words.joined(separator: ","))", .packet(isInverted: isInverted))
    }

    private func mark(_ value: UInt32, _ mask: UInt32, _ state: PacketState, isInverted: Bool) -> ConditionAnswer {
        let known = mask & ~state.unknownMarkBits
        if state.mark & known != value & known { return ConditionAnswer(isInverted) }
        // A value with bits outside of the mask is never met (xt_mark.c).
        if value & ~mask != 0 { return ConditionAnswer(isInverted) }
        if known == mask { return ConditionAnswer(!isInverted) }
        let text = "-m mark --mark 0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))"
        return .undecided(text, .mark(value, mask: mask, isInverted: isInverted))
    }

    private func clients(_ share: ClientShare, _ state: PacketState) -> ConditionAnswer {
        guard drawsClients else { return ConditionAnswer(share.contains(state.packet.source)) }
        return .random(share.isInverted ? Share(share).rest : Share(share))
    }

    private func random(_ probability: Probability) -> ConditionAnswer {
        let share = Share(probability)
        return share.isNone ? .unmet : share >= .all ? .met : .random(share)
    }

    private func recent(_ recent: RecentMatch, _ state: PacketState) -> ConditionAnswer {
        switch recent.action {
        case .set: return .met
        case .check(let seconds):
            if state.past.remembered.contains(recent.list) { return .met }
            guard let lists = network.recentClients else {
                return .undecided(
                    "-m recent --rcheck --seconds \(seconds) --name \(recent.list)", .recentClient(recent.list))
            }
            guard let client = lists[recent.list]?[state.source] else { return .unmet }
            return ConditionAnswer(client.age <= seconds)
        }
    }
}

extension InterfaceMatch {
    /// Whether an interface has the name, or one that begins with it.
    fileprivate func isMet(by interface: String) -> Bool {
        isWildcard ? interface.utf8.starts(with: name.utf8) : interface == name
    }
}

extension AddressSide {
    fileprivate func address(_ state: PacketState) -> IPAddress {
        switch self {
        case .source: state.source
        case .destination: state.destination
        }
    }
}
