// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What a rule asks of packets, in words.
struct RuleWords {
    /// The conditions, apart from a random draw or a turn.
    let conditions: [String]
    /// The probability of a random draw, or the share of a turn; `nil` if the rule has neither.
    let probability: Probability?
    /// Whether the rule takes its packets in turn.
    let isTurn: Bool

    var text: String { conditions.joined(separator: ", ") }

    init(_ rule: Rule, _ family: IPFamily) {
        var conditions: [String] = []
        var probability: Probability?
        if let source = rule.source {
            conditions.append("\(source.isInverted ? "not " : "")from \(source.range.words)")
        }
        if let destination = rule.destination {
            conditions.append("\(destination.isInverted ? "not " : "")to \(destination.range.words)")
        }
        if let interface = rule.inputInterface {
            let name = interface.name + (interface.isWildcard ? "*" : "")
            conditions.append("\(interface.isInverted ? "not " : "")in by \(name)")
        }
        for match in rule.matches {
            switch match {
            case .random(let drawn): probability = drawn
            case .everyNth(let count): probability = Probability(oneInTurnOf: count)
            default: break
            }
            if let words = match.words { conditions.append(words) }
        }
        self.conditions = conditions
        self.probability = probability
        isTurn = rule.matches.contains { if case .everyNth = $0 { true } else { false } }
    }
}

extension Match {
    /// The condition in words; `nil` for what asks nothing, a random draw or a turn, and a protocol that the chain is for.
    fileprivate var words: String? {
        switch self {
        case .comment, .random, .everyNth, .accounting: nil
        case .conntrack(let states, let isInverted): "\(isInverted ? "not " : "")in state \(states.words)"
        case .localAddress(.destination): "to an address of this node"
        case .localAddress(.source): "from an address of this node"
        case .mark(let value, let mask, let isInverted):
            "\(isInverted ? "not " : "")marked 0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))"
        case .transport(let transport, let port): port.map { "port \($0)/\(transport.kubernetesName)" }
        case .ports(let transport, let ports):
            "ports \(ports.lowerBound)-\(ports.upperBound)/\(transport.kubernetesName)"
        case .sameAddresses: "from the destination itself"
        case .refusal: "refuses a connection"
        case .originalDestination(let address?, let port): "connection to \(AddressPort(address, port))"
        case .originalDestination(nil, let port): "connection to port \(port) of this node"
        case .retryAllowance: "the first two to a client's port"
        case .clients(let share):
            "client \(share.isInverted ? "outside of" : "in") one of \(share.count) shares"
        case .recent(let recent):
            if case .check(let seconds) = recent.action { "client remembered for \(seconds) s" } else { nil }
        }
    }
}

extension ConnectionStates {
    fileprivate var words: String {
        let names: [(ConnectionStates, String)] = [
            (.new, "NEW"), (.established, "ESTABLISHED"), (.related, "RELATED"), (.invalid, "INVALID"),
            (.untracked, "UNTRACKED"), (.destinationNAT, "DNAT"), (.sourceNAT, "SNAT"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: " or ")
    }
}

extension CIDR {
    /// A range, or the address alone if it has one only.
    fileprivate var words: String { prefixLength == family.addressBits ? "\(address)" : "\(self)" }
}
