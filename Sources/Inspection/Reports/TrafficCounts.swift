// SPDX-License-Identifier: Apache-2.0

/// What the rules of a service port have counted on this node.
package struct TrafficCounts: Sendable, Hashable, Codable {
    /// Connections (for UDP: flows) that were sent to endpoints, since the rules count.
    package var connections: UInt64
    /// Packets that were rejected or dropped, since the rules count.
    package var refusedPackets: UInt64
    /// Connections per second between the last two readings of the counters; `nil` before the second one.
    package var connectionsPerSecond: Double?
    /// Refused packets per second between the last two readings of the counters; `nil` before the second one.
    package var refusedPerSecond: Double?

    package init(
        connections: UInt64, refusedPackets: UInt64, connectionsPerSecond: Double? = nil,
        refusedPerSecond: Double? = nil
    ) {
        self.connections = connections
        self.refusedPackets = refusedPackets
        self.connectionsPerSecond = connectionsPerSecond
        self.refusedPerSecond = refusedPerSecond
    }
}
