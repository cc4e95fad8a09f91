// SPDX-License-Identifier: Apache-2.0

/// A list of `top`: how much traffic there is now, and where.
package protocol TopReport: Report {
    /// When the counters were read last, as RFC 3339 has it; `nil` if they are not read.
    var time: String? { get }
    /// The time between the two readings that rates are made of, in seconds; `nil` before the second one.
    var intervalSeconds: Double? { get }
    var totals: TopTotals { get }
    /// The number of items that the list has.
    var shownCount: Int { get }

    /// The table, with bars.
    var table: TextTable { get }
}

/// The traffic of everything that was asked for, whether or not the list shows it.
package struct TopTotals: Sendable, Hashable, Codable {
    /// Connections (for UDP: flows) per second; `nil` before the second reading.
    package var connectionsPerSecond: Double?
    /// Refused packets per second; `nil` before the second reading.
    package var refusedPerSecond: Double?
    /// Service ports, or endpoints.
    package var items: Int
}

/// `top services`.
package struct TopServiceList: TopReport, Hashable {
    package var apiVersion = ReportVersion.current
    package var kind = "TopServiceList"
    package var time: String?
    package var intervalSeconds: Double?
    package var totals: TopTotals
    package var items: [TopServiceItem]
}

/// The traffic of a port of a Service in one IP family.
package struct TopServiceItem: Sendable, Hashable, Codable {
    package var namespace: String
    package var name: String
    /// The name of the port; `nil` if it has none.
    package var portName: String?
    package var port: UInt16
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String
    package var ipFamily: String
    /// Endpoints that this node sends connections to.
    package var usedEndpoints: Int
    /// Connections (for UDP: flows) per second; `nil` before the second reading.
    package var connectionsPerSecond: Double?
    /// The share of all connections that were asked for, 0–1; `nil` if there are none.
    package var share: Double?
    /// Packets rejected or dropped per second, by reason; without those of which there are none.
    package var refusedPerSecond: [String: Double]
    /// Endpoints whose share deviates beyond chance.
    package var deviatingEndpoints: Int
    package var state: ServiceState
}

/// `top endpoints`.
package struct TopEndpointList: TopReport, Hashable {
    package var apiVersion = ReportVersion.current
    package var kind = "TopEndpointList"
    package var time: String?
    package var intervalSeconds: Double?
    package var totals: TopTotals
    package var items: [TopEndpointItem]
}

/// The traffic of an endpoint of a service port that this node uses.
package struct TopEndpointItem: Sendable, Hashable, Codable {
    package var namespace: String
    package var service: String
    /// The name of the service port; `nil` if it has none.
    package var portName: String?
    package var servicePort: UInt16
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String
    package var ipFamily: String
    package var address: String
    package var port: UInt16
    /// The Pod that the slice refers to.
    package var pod: String?
    package var node: String?
    /// Connections (for UDP: flows) per second; `nil` before the second reading.
    package var connectionsPerSecond: Double?
    /// Connections within the window; `nil` before the second reading.
    package var connections: UInt64?
    /// How long the window is, in seconds: it begins with the last change of the port's endpoints, or up to a minute ago.
    package var windowSeconds: Double?
    /// The share of the port's connections within the window, 0–1; `nil` if it had none.
    package var share: Double?
    /// The share that the rules give it, 0–1; `nil` if that depends on where clients are: some traffic of the port goes to
    /// all endpoints, and some to those on this node.
    package var expectedShare: Double?
    /// `more` or `less`, if chance does not explain the difference (``ShareDeviation``).
    ///
    /// Never with session affinity or a hash of the client's address, where connections of a client are not independent of each other.
    package var deviation: ShareDeviation?
}

extension TopServiceList {
    package var shownCount: Int { items.count }
}

extension TopEndpointList {
    package var shownCount: Int { items.count }
}
