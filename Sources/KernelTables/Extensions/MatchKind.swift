// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The matches of our language, each with the extension that it is in the kernel.
///
/// A new match is a file below `Matches`, and a case here and in ``Match``; CONTRIBUTING.md lists the rest.
enum MatchKind: UInt8, CaseIterable, Sendable {
    case comment = 1
    case conntrack, addressType, mark, tcp, udp, sctp, random, recent, accounting, sameAddresses, clients, everyNth
    case refusal, originalDestination, retryAllowance, clientsByProgram

    /// Not to be called for each rule: the call to what it answers is a dynamic one.
    var kernelExtension: any MatchExtension.Type {
        switch self {
        case .comment: CommentExtension.self
        case .conntrack: ConntrackExtension.self
        case .addressType: AddressTypeExtension.self
        case .mark: MarkExtension.self
        case .tcp: TCPExtension.self
        case .udp: UDPExtension.self
        case .sctp: SCTPExtension.self
        case .random: StatisticExtension.self
        case .everyNth: StatisticExtension.EveryNth.self
        case .recent: RecentExtension.self
        case .accounting: AccountingExtension.self
        case .sameAddresses: BPFExtension.self
        case .clients: ClusterExtension.self
        case .clientsByProgram: BPFExtension.ClientHash.self
        case .refusal: U32Extension.self
        case .originalDestination: OriginalDestinationExtension.self
        case .retryAllowance: HashLimitExtension.self
        }
    }

    /// What is read from the kernel is looked up here; of kinds that share an extension, the first reads for all.
    static let byName = Dictionary(
        allCases.map { ("\($0.kernelExtension.signature.name)", $0.kernelExtension) },
        uniquingKeysWith: { first, _ in first })
}

extension Match {
    /// Writes the values of the match; answers which extension it is.
    ///
    /// - Throws: ``UnencodableValue`` when the kernel could not hold the match or would not mean the same by it.
    @inline(__always)
    func encode(of rule: Rule, _ family: IPFamily, to arena: ByteArena) throws(UnencodableValue) -> MatchKind {
        switch self {
        case .comment(let text):
            try CommentExtension.encode(text, to: arena)
            return .comment
        case .conntrack(let states, let isInverted):
            ConntrackExtension.encode(states, isInverted: isInverted, to: arena)
            return .conntrack
        case .localAddress(let side):
            AddressTypeExtension.encode(local: side, to: arena)
            return .addressType
        case .mark(let value, let mask, let isInverted):
            MarkExtension.encode(value, mask: mask, isInverted: isInverted, to: arena)
            return .mark
        case .transport(let transport, let port):
            return try Match.encode(transport, port.map { $0...$0 }, of: rule, to: arena)
        case .ports(let transport, let ports):
            return try Match.encode(transport, ports, of: rule, to: arena)
        case .sameAddresses:
            // The whole program stands in the shape.
            return .sameAddresses
        case .clients(let share):
            switch family {
            case .ipv4:
                try ClusterExtension.encode(share, to: arena)
                return .clients
            case .ipv6:
                BPFExtension.ClientHash.encode(share, to: arena)
                return .clientsByProgram
            }
        case .random(let probability):
            StatisticExtension.encode(probability, to: arena)
            return .random
        case .everyNth(let count):
            try StatisticExtension.EveryNth.encode(count, to: arena)
            return .everyNth
        case .recent(let recent):
            RecentExtension.encode(recent, to: arena)
            return .recent
        case .refusal:
            // All tests stand in the shape, and so does all of the allowance.
            return .refusal
        case .retryAllowance:
            return .retryAllowance
        case .originalDestination(let address, let port):
            try OriginalDestinationExtension.encode(address, port: port, family, to: arena)
            return .originalDestination
        case .accounting(let name):
            try AccountingExtension.encode(name: name, to: arena)
            return .accounting
        }
    }

    /// Writes a match on the header of a transport protocol; `nil` for any port.
    @inline(__always)
    private static func encode(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>?, of rule: Rule, to arena: ByteArena
    ) throws(UnencodableValue) -> MatchKind {
        guard rule.transport == transport else {
            throw UnencodableValue("-m \(transport.rawValue) needs -p \(transport.rawValue)")
        }
        switch transport {
        case .tcp:
            TCPExtension.encode(destinationPorts: ports ?? 0...UInt16.max, to: arena)
            return .tcp
        case .udp:
            UDPExtension.encode(destinationPorts: ports ?? 0...UInt16.max, to: arena)
            return .udp
        case .sctp:
            SCTPExtension.encode(destinationPorts: ports, to: arena)
            return .sctp
        }
    }
}
