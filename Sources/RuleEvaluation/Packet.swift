// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A packet as it comes to the first rule: what rules can ask of it.
///
/// Fragments are no packets of their own here: connection tracking puts them together ahead of all tables.
public struct Packet: Hashable, Sendable {
    /// Where a packet comes from.
    public enum Origin: Hashable, Sendable {
        /// From another host or a pod, by an interface; `nil` if it is not known by which.
        case network(interface: String?)
        /// From a process on this host.
        case host
    }

    /// Where it comes from, which decides about its way: PREROUTING, or OUTPUT.
    public var origin: Origin
    /// The source address.
    public var source: IPAddress
    /// The destination address; of the family of ``source``.
    public var destination: IPAddress
    /// The IANA number of its protocol: 6 is TCP.
    public var protocolNumber: UInt8
    /// The source port; `nil` if it is not known, or the protocol has no ports.
    public var sourcePort: UInt16?
    /// The destination port; `nil` if the protocol has no ports.
    public var destinationPort: UInt16?
    /// The flags of a TCP segment; the first bit is FIN (`th_flags`).
    public var tcpFlags: UInt8 = Packet.synFlag
    /// The type and code of an ICMP or ICMPv6 message.
    public var icmp: ICMPMessage?
    /// What connection tracking makes of it.
    public var state: ConnectionState = .new
    /// How the connection of the packet is translated already; only for connections that are not new.
    public var translation = ConnectionTranslation()
    /// The mark that it comes with (`SO_MARK`, or what a former hook has left).
    public var mark: UInt32 = 0

    /// `TH_SYN`: the flag of the segment that begins a connection.
    public static let synFlag: UInt8 = 0x02
    /// `TH_ACK`.
    public static let ackFlag: UInt8 = 0x10

    /// The first packet of a connection.
    public init(
        from source: IPAddress, port sourcePort: UInt16? = nil, to destination: AddressPort,
        _ transport: TransportProtocol, origin: Origin
    ) {
        self.origin = origin
        self.source = source
        self.destination = destination.address
        protocolNumber = transport.number
        self.sourcePort = sourcePort
        destinationPort = destination.port
    }

    /// The first packet of an exchange in a protocol without ports.
    public init(
        from source: IPAddress, to destination: IPAddress, protocolNumber: UInt8, icmp: ICMPMessage? = nil,
        origin: Origin
    ) {
        self.origin = origin
        self.source = source
        self.destination = destination
        self.protocolNumber = protocolNumber
        self.icmp = icmp
        tcpFlags = 0
    }

    /// The family of its addresses.
    public var family: IPFamily { destination.family }

    /// The transport protocol, if it is one that a Service can have.
    public var transport: TransportProtocol? { TransportProtocol.allCases.first { $0.number == protocolNumber } }
}

/// The kind of an ICMP or ICMPv6 message.
public struct ICMPMessage: Hashable, Sendable {
    /// The type: 8 is an echo request of ICMP, 128 one of ICMPv6.
    public var type: UInt8
    /// The code within the type.
    public var code: UInt8

    /// The message of a type and a code.
    public init(type: UInt8, code: UInt8 = 0) {
        self.type = type
        self.code = code
    }
}

/// The state that connection tracking gives a packet; of the states of ``ConnectionStates``, one at a time.
public enum ConnectionState: Hashable, Sendable, CaseIterable {
    /// It begins a connection; rules in nat see it.
    case new
    /// It belongs to a connection that was seen before; no rule in nat sees it.
    case established
    /// It begins a connection that another one announced; rules in nat see it unless it is an ICMP error.
    case related
    /// It belongs to no connection and cannot begin one; no rule in nat sees it.
    case invalid
    /// A rule in raw, or an earlier program, has exempted it from connection tracking; no rule in nat sees it.
    case untracked

    /// The bit of the state.
    var bit: ConnectionStates {
        switch self {
        case .new: .new
        case .established: .established
        case .related: .related
        case .invalid: .invalid
        case .untracked: .untracked
        }
    }
}

/// How connection tracking rewrites all packets of a connection, as the rules in nat decided when it began.
public struct ConnectionTranslation: Hashable, Sendable {
    /// The destination that packets get; `nil` if it is left alone.
    public var destination: AddressPort?
    /// The source that packets get; `nil` if it is left alone.
    public var source: AddressPort?

    /// By default, nothing is rewritten.
    public init(destination: AddressPort? = nil, source: AddressPort? = nil) {
        self.destination = destination
        self.source = source
    }
}
