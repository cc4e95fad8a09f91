// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// One thing that a rule asks of a packet, whether our language has it or not.
package enum RuleCondition: Hashable, Sendable {
    case source(MaskedAddress)
    case destination(MaskedAddress)
    case inputInterface(InterfaceMatch)
    case outputInterface(InterfaceMatch)
    case transport(ProtocolMatch)
    case fragments(FragmentMatch)
    case packet(PacketCondition)
    /// A random draw, or a turn, which takes as many packets of all.
    case random(Probability)
    /// The source address is the destination address.
    case sameAddresses
    /// A share of the clients, by a hash of their address.
    case clients(ClientShare)
    /// A lookup or an entry in a list of clients.
    case recent(RecentMatch)
    /// What the packet alone does not decide.
    case undecidable(UndecidableCondition)
}

/// A condition that a packet alone does not decide, since it depends on other packets, on the time, or is not understood.
package enum UndecidableCondition: Hashable, Sendable {
    /// A match that is understood, but asks for something else.
    case match(ForeignExtension)
    /// A match that is not understood.
    case unknownMatch(ForeignExtension)
    /// A part of the entry's head that is not understood.
    case unknownPart(String)
    /// Something that only the kernel's record of the connection, or of others before, decides; in the words of iptables-save.
    case connection(String)
    /// The entry contradicts itself.
    case malformed(reason: String)

    /// The words of iptables-save, or what is not understood.
    package var text: String {
        switch self {
        case .match(let match), .unknownMatch(let match): "-m \(match.saveText)"
        case .unknownPart(let part): "[unknown: \(part)]"
        case .connection(let text): text
        case .malformed(let reason): "[malformed entry: \(reason)]"
        }
    }
}

extension DecodedRule {
    /// Calls `visit` with each condition of the rule, in the order in which the kernel asks, until it answers `false`.
    package func visitConditions(_ visit: (RuleCondition) -> Bool) {
        switch self {
        case .known(let rule): rule.visitConditions(visit)
        case .foreign(let entry): entry.visitConditions(visit)
        case .malformed(let reason, _): _ = visit(.undecidable(.malformed(reason: reason)))
        }
    }
}

extension Rule {
    /// Calls `visit` with each condition of the rule, in the order in which the kernel asks, until it answers `false`.
    @inline(__always)
    package func visitConditions(_ visit: (RuleCondition) -> Bool) {
        if let source, !visit(.source(MaskedAddress(source))) { return }
        if let destination, !visit(.destination(MaskedAddress(destination))) { return }
        if let inputInterface, !visit(.inputInterface(inputInterface)) { return }
        if let transport, !visit(.transport(ProtocolMatch(UInt16(transport.number)))) { return }
        for match in matches {
            guard match.visitConditions(visit) else { return }
        }
    }
}

extension ForeignEntry {
    fileprivate func visitConditions(_ visit: (RuleCondition) -> Bool) {
        if let source, !visit(.source(source)) { return }
        if let destination, !visit(.destination(destination)) { return }
        if let inputInterface, !visit(.inputInterface(inputInterface)) { return }
        if let outputInterface, !visit(.outputInterface(outputInterface)) { return }
        if let protocolMatch, !visit(.transport(protocolMatch)) { return }
        if let fragments, !visit(.fragments(fragments)) { return }
        for part in unknownParts {
            guard visit(.undecidable(.unknownPart(part))) else { return }
        }
        for match in matches {
            guard match.visitConditions(visit) else { return }
        }
    }
}

extension ForeignMatch {
    /// - Returns: whether to go on.
    fileprivate func visitConditions(_ visit: (RuleCondition) -> Bool) -> Bool {
        switch self {
        case .known(let match): return match.visitConditions(visit)
        case .other(let match, let conditions):
            for condition in conditions.all {
                guard visit(.packet(condition)) else { return false }
            }
            if match.text == nil { return visit(.undecidable(.unknownMatch(match))) }
            return conditions.isComplete || visit(.undecidable(.match(match)))
        }
    }
}

extension Match {
    /// - Returns: whether to go on.
    @inline(__always)
    fileprivate func visitConditions(_ visit: (RuleCondition) -> Bool) -> Bool {
        switch self {
        case .comment, .accounting:
            return true
        case .conntrack(let states, let isInverted):
            return visit(.packet(.connectionStates(states, isInverted: isInverted)))
        case .localAddress(let side):
            return visit(.packet(.addressTypes(side, types: Match.localType, isInverted: false)))
        case .mark(let value, let mask, let isInverted):
            return visit(.packet(.mark(value, mask: mask, isInverted: isInverted)))
        case .transport(let transport, let port):
            return Self.visit(transport, port.map { $0...$0 }, visit)
        case .ports(let transport, let ports):
            return Self.visit(transport, ports, visit)
        case .sameAddresses:
            return visit(.sameAddresses)
        case .refusal:
            return visit(.packet(RefusalPattern.flagCondition))
                && visit(.undecidable(.connection("the sequence number 0")))
        case .originalDestination(let address?, let port):
            return visit(.undecidable(.connection("--ctorigdst \(address) --ctorigdstport \(port)")))
        case .originalDestination(nil, let port):
            return visit(.undecidable(.connection("--ctorigdstport \(port)")))
        case .retryAllowance:
            return visit(.undecidable(.connection("-m hashlimit \(RetryAllowance.text)")))
        case .clients(let share):
            return visit(.clients(share))
        case .random(let probability):
            return visit(.random(probability))
        case .everyNth(let count):
            return visit(.random(Probability(oneInTurnOf: count)))
        case .recent(let recent):
            return visit(.recent(recent))
        }
    }

    @inline(__always)
    private static func visit(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>?, _ visit: (RuleCondition) -> Bool
    ) -> Bool {
        guard visit(.transport(ProtocolMatch(UInt16(transport.number)))) else { return false }
        guard let ports else { return true }
        return visit(.packet(.ports(.destination, [ports], isInverted: false)))
    }

    /// The bit of `PacketCondition.addressTypes` that stands for addresses of this host.
    package static var localType: UInt16 { AddressType.local.bit }
    /// The bit of `PacketCondition.addressTypes` that stands for addresses of single other hosts.
    package static var unicastType: UInt16 { AddressType.unicast.bit }
}

extension MaskedAddress {
    /// The same condition as the kernel has it.
    init(_ match: AddressMatch) {
        let mask = match.range.mask
        self.init(
            AddressBits(match.range.address), mask: AddressBits(high: mask.high, low: mask.low),
            isInverted: match.isInverted)
    }
}
