// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A rule that kubetables could not have written, taken apart as far as it is understood.
///
/// Nothing of the entry is left out: what has no words here is kept in ``ForeignExtension/data`` or named in
/// ``unknownParts``.
public struct ForeignEntry: Hashable, Sendable {
    /// The condition on the source address (`-s`).
    public var source: MaskedAddress?
    /// The condition on the destination address (`-d`).
    public var destination: MaskedAddress?
    /// The condition on the interface the packet came in by (`-i`).
    public var inputInterface: InterfaceMatch?
    /// The condition on the interface the packet leaves by (`-o`).
    public var outputInterface: InterfaceMatch?
    /// The condition on the protocol (`-p`).
    public var protocolMatch: ProtocolMatch?
    /// The condition on fragments (`-f`); IPv4 only.
    public var fragments: FragmentMatch?
    /// What of the entry's head has no meaning here, as no program is known to write it.
    ///
    /// It can change what the rule matches. Empty for nearly all entries.
    public var unknownParts: [String] = []
    /// The extension matches (`-m`), in the order in which the kernel tries them.
    public var matches: [ForeignMatch]
    /// What happens to a packet that matches (`-j`, `-g`).
    public var target: ForeignTarget

    /// Makes a rule; without arguments it matches everything and does nothing.
    public init(matches: [ForeignMatch] = [], target: ForeignTarget = .known(nil)) {
        self.matches = matches
        self.target = target
    }

    /// The text of the rule's comment, if it has one.
    public var comment: String? {
        for case .known(.comment(let text)) in matches { return text }
        return nil
    }

    /// The rule in our language; `nil` if that has no words for all of it.
    package func rule(_ family: IPFamily) -> Rule? {
        guard outputInterface == nil, fragments == nil, unknownParts.isEmpty, case .known(let target) = target
        else { return nil }
        var rule = Rule(inputInterface: inputInterface, target: target)
        if let source {
            guard let match = source.addressMatch(family) else { return nil }
            rule.source = match
        }
        if let destination {
            guard let match = destination.addressMatch(family) else { return nil }
            rule.destination = match
        }
        if let protocolMatch {
            guard !protocolMatch.isInverted,
                let transport = TransportProtocol.allCases.first(where: { $0.number == protocolMatch.number })
            else { return nil }
            rule.transport = transport
        }
        rule.matches.reserveCapacity(matches.count)
        for match in matches {
            guard case .known(let match) = match else { return nil }
            rule.matches.append(match)
        }
        return rule
    }

    /// The rule as iptables-save prints it, from behind the chain's name on; what is not understood is marked.
    ///
    /// The order is that of `save_rule_details` in iptables/xshared.c.
    func saveText(family: IPFamily) -> String {
        var text = source?.saveText(option: "-s", family: family) ?? ""
        text += destination?.saveText(option: "-d", family: family) ?? ""
        text += inputInterface?.saveText(option: "-i") ?? ""
        text += outputInterface?.saveText(option: "-o") ?? ""
        text += protocolMatch?.saveText ?? ""
        switch fragments {
        case nil: break
        case .following: text += " -f"
        case .firstOrWhole: text += " ! -f"
        }
        if !unknownParts.isEmpty { text += " [unknown: \(unknownParts.joined(separator: ", "))]" }
        for match in matches { text += match.saveText(family: family) }
        return text + target.saveText(family: family)
    }
}

/// Which fragments of an IPv4 packet a rule is for.
public enum FragmentMatch: Hashable, Sendable {
    /// All but the first fragment (`-f`).
    case following
    /// First fragments and whole packets (`! -f`).
    case firstOrWhole
}

/// A condition on the protocol of the packet.
public struct ProtocolMatch: Hashable, Sendable {
    /// The IANA number.
    public var number: UInt16
    /// Whether the protocol must be another one (`!`).
    public var isInverted: Bool

    /// Requires a protocol, or, inverted, all others.
    public init(_ number: UInt16, isInverted: Bool = false) {
        self.number = number
        self.isInverted = isInverted
    }

    /// The name by which iptables-save prints the protocol, or its number.
    public var name: String { Self.names[number] ?? "\(number)" }

    var saveText: String { "\(isInverted ? " !" : "") -p \(name)" }

    /// The names that iptables has, and the usual ones of /etc/protocols, where it looks up all others.
    private static let names: [UInt16: String] = [
        1: "icmp", 2: "igmp", 3: "ggp", 4: "ipencap", 5: "st", 6: "tcp", 8: "egp", 9: "igp", 12: "pup", 17: "udp",
        20: "hmp", 22: "xns-idp", 27: "rdp", 29: "iso-tp4", 33: "dccp", 36: "xtp", 37: "ddp", 38: "idpr-cmtp",
        41: "ipv6", 43: "ipv6-route", 44: "ipv6-frag", 45: "idrp", 46: "rsvp", 47: "gre", 50: "esp", 51: "ah",
        57: "skip", 58: "ipv6-icmp", 59: "ipv6-nonxt", 60: "ipv6-opts", 73: "rspf", 81: "vmtp", 88: "eigrp",
        89: "ospf", 93: "ax.25", 94: "ipip", 97: "etherip", 98: "encap", 103: "pim", 108: "ipcomp", 112: "vrrp",
        115: "l2tp", 124: "isis", 132: "sctp", 133: "fc", 135: "mobility-header", 136: "udplite", 137: "mpls-in-ip",
        138: "manet", 139: "hip", 140: "shim6", 141: "wesp", 142: "rohc",
    ]
}
