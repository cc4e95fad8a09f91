// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The key of a rule's counters: where the rule stands, what it does, and to which packets.
///
/// Rules have one whose counters mean something to a person: those that end a packet's way, that send it to an endpoint,
/// or that single out a range of destinations. All others only lead to them, and there are many more.
///
/// Comments take no part, nor do conditions that only narrow a rule down, such as a random draw. Two rules of one chain
/// with the same key do the same to the same packets, so that what they have counted may be added up.
public struct CounterKey: Hashable, Sendable {
    /// What such a rule does.
    public enum Verdict: Hashable, Sendable {
        /// It rewrites the destination (DNAT).
        case destinationNAT
        /// It drops (DROP).
        case drop
        /// It refuses (REJECT).
        case reject
        /// It sends packets for a range of destinations to another chain.
        case jump
    }

    /// The chain the rule stands in.
    public let chain: ChainName
    /// What the rule does.
    public let verdict: Verdict
    /// The IANA number of the transport protocol the rule asks for; 0 for any.
    public let protocolNumber: UInt8
    /// The new destination of a DNAT rule, the first address of the range that a jump asks for, else the one destination
    /// the rule asks for; `nil` for any.
    public let address: IPAddress?
    /// The port that goes with ``address``; 0 for any.
    public let port: UInt16

    /// Puts a key together.
    public init(chain: ChainName, verdict: Verdict, protocolNumber: UInt8, address: IPAddress?, port: UInt16) {
        self.chain = chain
        self.verdict = verdict
        self.protocolNumber = protocolNumber
        self.address = address
        self.port = port
    }

    /// The key of a rule in a chain; `nil` if it has none: it does something else; or it drops or refuses, and asks
    /// for a range of destinations; or it jumps, and asks for one destination or for none.
    public init?(_ rule: Rule, in chain: ChainName) {
        let protocolNumber = rule.transport?.number ?? 0
        switch rule.target {
        case .destinationNAT(let address, let port):
            self.init(
                chain: chain, verdict: .destinationNAT, protocolNumber: protocolNumber, address: address, port: port)
        case .drop: self.init(rule, in: chain, verdict: .drop)
        case .rejectPortUnreachable: self.init(rule, in: chain, verdict: .reject)
        case .jump: self.init(rule, in: chain, verdict: .jump)
        case nil, .accept, .return, .mark, .masquerade: return nil
        }
    }

    private init?(_ rule: Rule, in chain: ChainName, verdict: Verdict) {
        let range = rule.destination?.range
        let extent = range?.extent ?? .everything
        guard rule.destination?.isInverted != true, verdict.isCounted(for: extent) else { return nil }
        var port: UInt16 = 0
        for case .transport(_, let destinationPort?) in rule.matches { port = destinationPort }
        self.init(
            chain: chain, verdict: verdict, protocolNumber: rule.transport?.number ?? 0,
            address: extent == .everything ? nil : range?.address, port: port)
    }

    /// Hashes what differs most: there may be hundreds of thousands.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(chain)
        hasher.combine(address?.low ?? 0)
        hasher.combine(port)
    }
}

extension ChainOwnership {
    /// Counters by the chains that the rules' chains are parts of, so that they stay what they are when rules move.
    package func wholeKeys(_ counters: [CounterKey: RuleCounters], in table: Table) -> [CounterKey: RuleCounters] {
        guard entries[table]?.subchains.isEmpty == false else { return counters }
        var counters = counters
        // Rules that translate stand in chains of service ports, which are no parts; and they are the most.
        let moved = counters.keys.filter { $0.verdict != .destinationNAT && whole(of: $0.chain, in: table) != $0.chain }
        for key in moved {
            guard let value = counters.removeValue(forKey: key) else { continue }
            let whole = CounterKey(
                chain: whole(of: key.chain, in: table), verdict: key.verdict, protocolNumber: key.protocolNumber,
                address: key.address, port: key.port)
            counters[whole, default: .zero] += value
        }
        return counters
    }
}

/// How many destinations a rule is for.
package enum DestinationExtent: Sendable {
    case everything
    case range
    case host
}

extension CounterKey.Verdict {
    /// Whether rules that do this, other than DNAT, have a key when they ask for so many destinations.
    package func isCounted(for extent: DestinationExtent) -> Bool { (extent == .range) == (self == .jump) }
}

extension CIDR {
    fileprivate var extent: DestinationExtent {
        switch prefixLength {
        case 0: .everything
        case address.family.addressBits: .host
        default: .range
        }
    }
}
