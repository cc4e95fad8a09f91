import NetworkTypes

/// What tells apart the rules that end a packet's way, or send it to an endpoint: where they stand, what they do, and to
/// which packets.
///
/// Comments take no part, nor do conditions that only narrow a rule down, such as a random draw. Two rules of one chain
/// that share an identity do the same to the same packets, so that what they have counted may be added up.
public struct RuleIdentity: Hashable, Sendable {
    /// What such a rule does.
    public enum Verdict: Hashable, Sendable {
        /// It rewrites the destination (DNAT).
        case destinationNAT
        /// It drops (DROP).
        case drop
        /// It refuses (REJECT).
        case reject
    }

    /// The chain the rule stands in.
    public let chain: ChainName
    /// What the rule does.
    public let verdict: Verdict
    /// The IANA number of the transport protocol the rule asks for; 0 for any.
    public let protocolNumber: UInt8
    /// The new destination of a DNAT rule, else the one destination the rule asks for; `nil` for any.
    public let address: IPAddress?
    /// The port that goes with ``address``; 0 for any.
    public let port: UInt16

    /// Puts an identity together.
    public init(chain: ChainName, verdict: Verdict, protocolNumber: UInt8, address: IPAddress?, port: UInt16) {
        self.chain = chain
        self.verdict = verdict
        self.protocolNumber = protocolNumber
        self.address = address
        self.port = port
    }

    /// The identity of a rule in a chain; `nil` if it does something else, or asks for a range of destinations.
    public init?(_ rule: Rule, in chain: ChainName) {
        let protocolNumber = rule.transport?.number ?? 0
        switch rule.target {
        case .destinationNAT(let address, let port):
            self.init(
                chain: chain, verdict: .destinationNAT, protocolNumber: protocolNumber, address: address, port: port)
        case .drop, .rejectPortUnreachable:
            var address: IPAddress?
            if let destination = rule.destination {
                guard !destination.isInverted, destination.range.isHost else { return nil }
                address = destination.range.address
            }
            var port: UInt16 = 0
            for case .transport(_, let destinationPort?) in rule.matches { port = destinationPort }
            self.init(
                chain: chain, verdict: rule.target == .drop ? .drop : .reject, protocolNumber: protocolNumber,
                address: address, port: port)
        case nil, .accept, .return, .jump, .mark, .masquerade:
            return nil
        }
    }

    /// Hashes what differs most: there may be hundreds of thousands.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(chain)
        hasher.combine(address?.low ?? 0)
        hasher.combine(port)
    }
}

extension CIDR {
    /// Whether the range holds one address only.
    fileprivate var isHost: Bool { prefixLength == address.family.addressBits }
}
