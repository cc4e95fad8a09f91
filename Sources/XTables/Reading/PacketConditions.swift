// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What a match asks of a packet, as far as the packet and its connection tell.
public struct PacketConditions: Hashable, Sendable {
    /// All of these must be met.
    public var all: [PacketCondition]
    /// Whether nothing else is asked for; otherwise a packet that meets ``all`` may match or may not.
    public var isComplete: Bool

    /// Makes conditions.
    public init(_ all: [PacketCondition], isComplete: Bool) {
        self.all = all
        self.isComplete = isComplete
    }

    /// What a packet alone does not decide.
    public static let undecidable = PacketConditions([], isComplete: false)
}

/// One condition on a packet.
public enum PacketCondition: Hashable, Sendable {
    /// One of the ports, in host order, is in one of the ranges.
    case ports(PortSide, [ClosedRange<UInt16>], isInverted: Bool)
    /// The TCP flags under `mask` are exactly `set`; the first bit is FIN (`th_flags`).
    case tcpFlags(mask: UInt8, set: UInt8, isInverted: Bool)
    /// The ICMP or ICMPv6 type, and the code; `nil` is any type.
    case icmp(type: UInt8?, codes: ClosedRange<UInt8>, isInverted: Bool)
    /// The connection is in one of the states.
    case connectionStates(ConnectionStates, isInverted: Bool)
    /// An address is of one of the types, with one bit for each `RTN_…` of linux/rtnetlink.h.
    case addressTypes(AddressSide, types: UInt16, isInverted: Bool)
    /// An address is in a range.
    case addresses(AddressSide, ClosedRange<IPAddress>, isInverted: Bool)
    /// The mark under a mask is `value`.
    case mark(UInt32, mask: UInt32, isInverted: Bool)
}

/// Which of a packet's two ports is meant.
public enum PortSide: Hashable, Sendable {
    /// The source port.
    case source
    /// The destination port.
    case destination
    /// Either of them will do.
    case either
}
