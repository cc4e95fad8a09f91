// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// One flow that the kernel tracks (a conntrack entry): what its packets look like in both directions.
///
/// The two directions are each other's mirror image unless addresses are translated: DNAT shows as a reply that comes
/// from elsewhere than the flow was sent to, SNAT (masquerading) as a reply that goes elsewhere than the flow came from.
package struct Flow: Hashable, Sendable {
    /// One direction of a flow.
    package struct Direction: Hashable, Sendable {
        /// Where its packets come from.
        package var source: AddressPort
        /// Where its packets go.
        package var destination: AddressPort

        package init(from source: AddressPort, to destination: AddressPort) {
            self.source = source
            self.destination = destination
        }
    }

    package var transport: TransportProtocol
    /// The packets of the side that began, as they were before translation.
    package var original: Direction
    /// The packets of the other side, as they are before they are translated back.
    package var reply: Direction
    /// The conntrack zone that it is tracked in.
    package var zone: FlowZone
    /// The kernel's number of the entry: another one when the same addresses are tracked anew (`CTA_ID`).
    package var identifier: UInt32
    /// Whether it is a TCP connection of which only the first SYN, or repetitions of it, have been seen.
    package var isUnansweredConnection: Bool

    package init(
        _ transport: TransportProtocol, original: Direction, reply: Direction, zone: FlowZone = .none,
        identifier: UInt32 = 0, isUnansweredConnection: Bool = false
    ) {
        self.transport = transport
        self.original = original
        self.reply = reply
        self.zone = zone
        self.identifier = identifier
        self.isUnansweredConnection = isUnansweredConnection
    }

    package var family: IPFamily { original.destination.address.family }

    /// Whether another address answers than the one it was sent to: the flow went through a DNAT rule.
    package var isRedirected: Bool { reply.source != original.destination }

    /// Whether `other` is the same entry of the kernel, whatever has become of it meanwhile.
    func isSameEntry(as other: Flow) -> Bool {
        identifier == other.identifier && original == other.original && transport == other.transport
            && zone == other.zone
    }
}

extension Flow: CustomStringConvertible {
    /// One line, for example `udp 10.0.0.9:4000 > 10.96.0.10:53, answered by 10.244.1.5:53`.
    package var description: String {
        let answer = isRedirected ? ", answered by \(reply.source)" : ""
        return "\(transport.rawValue) \(original.source) > \(original.destination)\(answer)\(zone)"
    }
}
