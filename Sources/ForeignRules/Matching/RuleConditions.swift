// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What a packet must be like so that a rule matches, or several rules on the packet's way.
struct RuleConditions: Hashable {
    /// One thing that a packet must be like.
    enum Condition: Hashable {
        case source(MaskedAddress)
        case destination(MaskedAddress)
        case inputInterface(InterfaceMatch)
        case outputInterface(InterfaceMatch)
        case transport(ProtocolMatch)
        case fragments(FragmentMatch)
        case packet(PacketCondition)
        /// What the packet alone does not decide.
        case undecidable
    }

    private(set) var all: [Condition] = []
    /// What is not understood, in words.
    private var unknownParts: [String] = []

    /// These conditions and those of one more rule.
    func adding(_ rule: DecodedRule) -> RuleConditions {
        var conditions = self
        switch rule {
        case .known(let rule): conditions.add(rule)
        case .foreign(let entry): conditions.add(entry)
        case .malformed(let reason, _): conditions.addUnknown("a malformed entry (\(reason))")
        }
        return conditions
    }

    /// Whether there are packets to one address and port of which all meet the conditions, or none does.
    var canBeCertain: Bool {
        all.allSatisfy { condition in
            switch condition {
            case .undecidable: false
            case .source(let address): address.isInverted
            case .inputInterface(let interface), .outputInterface(let interface): interface.isInverted
            default: true
            }
        }
    }

    /// Whether ports that packets go to are named.
    var namesPort: Bool {
        all.contains { condition in
            switch condition {
            case .packet(.ports(.destination, let ranges, false)), .packet(.ports(.either, let ranges, false)):
                !ranges.contains(UInt16.min...UInt16.max)
            default: false
            }
        }
    }

    /// Whether single addresses that packets go to are named.
    var namesAddress: Bool {
        all.contains { condition in
            switch condition {
            case .destination(let address):
                !address.isInverted && (address.mask == Self.hostMask(.ipv4) || address.mask == Self.hostMask(.ipv6))
            case .packet(.addresses(.destination, _, false)): true
            default: false
            }
        }
    }

    private static func hostMask(_ family: IPFamily) -> AddressBits {
        let mask = CIDR(host: .any(family)).mask
        return AddressBits(high: mask.high, low: mask.low)
    }

    /// What of the conditions is not understood; empty if all is.
    var unknownNote: String {
        unknownParts.isEmpty ? "" : " (if it matches; not understood: \(unknownParts.joined(separator: ", ")))"
    }

    private mutating func addUnknown(_ part: String) {
        all.append(.undecidable)
        if !unknownParts.contains(part) { unknownParts.append(part) }
    }

    private mutating func add(_ rule: Rule) {
        if let source = rule.source { all.append(.source(MaskedAddress(source))) }
        if let destination = rule.destination { all.append(.destination(MaskedAddress(destination))) }
        if let interface = rule.inputInterface { all.append(.inputInterface(interface)) }
        if let transport = rule.transport { all.append(.transport(ProtocolMatch(UInt16(transport.number)))) }
        for match in rule.matches { add(match) }
    }

    private mutating func add(_ entry: ForeignEntry) {
        if let source = entry.source { all.append(.source(source)) }
        if let destination = entry.destination { all.append(.destination(destination)) }
        if let interface = entry.inputInterface { all.append(.inputInterface(interface)) }
        if let interface = entry.outputInterface { all.append(.outputInterface(interface)) }
        if let transport = entry.protocolMatch { all.append(.transport(transport)) }
        if let fragments = entry.fragments { all.append(.fragments(fragments)) }
        for part in entry.unknownParts { addUnknown(part) }
        for match in entry.matches {
            switch match {
            case .known(let match):
                add(match)
            case .other(let match, let conditions):
                all += conditions.all.map(Condition.packet)
                if match.text == nil {
                    addUnknown("the match \(match.name)")
                } else if !conditions.isComplete {
                    all.append(.undecidable)
                }
            }
        }
    }

    private mutating func add(_ match: Match) {
        switch match {
        case .comment, .accounting: break
        case .conntrack(let states, let isInverted):
            all.append(.packet(.connectionStates(states, isInverted: isInverted)))
        case .localAddress(let side):
            all.append(.packet(.addressTypes(side, types: AddressTypes.local, isInverted: false)))
        case .mark(let value, let mask, let isInverted):
            all.append(.packet(.mark(value, mask: mask, isInverted: isInverted)))
        case .transport(let transport, _), .ports(let transport, _):
            all.append(.transport(ProtocolMatch(UInt16(transport.number))))
            if let ports = match.destinationPorts {
                all.append(.packet(.ports(.destination, [ports], isInverted: false)))
            }
        case .recent(let recent) where recent.action == .set: break
        case .refusal:
            all += [.packet(RefusalPattern.flagCondition), .undecidable]
        case .random, .everyNth, .recent, .clients, .sameAddresses, .originalDestination, .retryAllowance:
            all.append(.undecidable)
        }
    }
}

/// Bits of `PacketCondition.addressTypes` (`RTN_…`, linux/rtnetlink.h).
enum AddressTypes {
    static let unicast: UInt16 = 1 << 1
    static let local: UInt16 = 1 << 2
}

extension MaskedAddress {
    fileprivate init(_ match: AddressMatch) {
        let mask = match.range.mask
        self.init(
            AddressBits(match.range.address), mask: AddressBits(high: mask.high, low: mask.low),
            isInverted: match.isInverted)
    }
}
