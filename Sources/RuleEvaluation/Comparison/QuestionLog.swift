// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The questions that were asked of a packet on its way through rules, in their order, each once.
///
/// A class, since every step of an evaluation adds to it.
final class QuestionLog {
    private(set) var questions: [PacketQuestion] = []
    private var known: Set<PacketQuestion> = []

    /// Begins again with another packet.
    func clear() {
        questions.removeAll(keepingCapacity: true)
        known.removeAll(keepingCapacity: true)
    }

    private func add(_ question: PacketQuestion) {
        if known.insert(question).inserted { questions.append(question) }
    }

    /// Adds a condition that a rule asks of a packet, in the form in which the packet as it came decides it.
    func add(_ condition: RuleCondition, _ state: PacketState) {
        switch condition {
        case .source, .packet(.addressTypes(.source, _, _)), .packet(.addresses(.source, _, _)):
            if state.hasOriginalSource { add(.condition(condition)) }
        case .destination, .outputInterface, .packet(.addressTypes), .packet(.addresses):
            if state.newDestination == nil { add(.condition(condition)) }
        case .packet(.ports(let side, _, _)):
            if side == .source || state.newDestination == nil { add(.condition(condition)) }
        case .inputInterface:
            if case .network = state.packet.origin { add(.condition(condition)) }
        case .transport, .packet(.tcpFlags), .packet(.icmp):
            add(.condition(condition))
        case .packet(.connectionStates(let states, let isInverted)):
            add(states, isInverted: isInverted)
        case .packet(.mark(let value, let mask, _)):
            addMark(value, mask, state)
        case .recent(let recent):
            if recent.action != .set, !state.past.remembered.contains(recent.list) { add(.condition(condition)) }
        case .sameAddresses:
            // Whatever the destination has become, it is one address.
            if state.hasOriginalSource { add(.condition(.source(MaskedAddress(AddressMatch(state.destination))))) }
        case .fragments, .random, .clients, .undecidable:
            break
        }
    }

    /// Whether a connection is translated depends on rules; the rest of its state on the packet.
    private func add(_ states: ConnectionStates, isInverted: Bool) {
        let asked = states.subtracting([.sourceNAT, .destinationNAT])
        guard !asked.isEmpty else { return }
        add(.condition(.packet(.connectionStates(asked, isInverted: isInverted))))
    }

    /// Some bits of the mark may be determined by rules already, others toggled.
    private func addMark(_ value: UInt32, _ mask: UInt32, _ state: PacketState) {
        let determined = state.determinedMarkBits | state.unknownMarkBits
        let undetermined = mask & ~determined
        guard undetermined != 0, (state.mark ^ value) & mask & state.determinedMarkBits == 0 else { return }
        let toggled = (state.mark ^ state.packet.mark) & undetermined
        add(.condition(.packet(.mark((value ^ toggled) & undetermined, mask: undetermined, isInverted: false))))
    }

    /// Adds that rules in nat are asked about packets that begin connections.
    func addBeginning() { add(.new.union(.related), isInverted: false) }

    /// Adds that the kernel asks for the way to the destination.
    func addRouting(_ state: PacketState) {
        guard state.newDestination == nil else { return }
        add(.condition(.packet(.addressTypes(.destination, types: Match.localType, isInverted: false))))
        add(.isRoutable)
    }

    /// Adds that the kernel asks whether addresses can come from the network.
    func addAddressCheck(_ state: PacketState) {
        add(.isLoopback(.source))
        if state.newDestination == nil { add(.isLoopback(.destination)) }
        if state.packet.family == .ipv4 {
            add(.condition(.packet(.addressTypes(.source, types: Match.localType, isInverted: false))))
        }
    }

    /// Adds that rules are looked up by the destination.
    func addLookup(_ index: DispatchIndex, _ state: PacketState) {
        guard state.newDestination == nil else { return }
        if !index.addresses.isEmpty { add(.destination(index)) }
        if !index.ports.isEmpty { add(.port(index)) }
    }
}
