// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The traffic of one endpoint of a service port.
struct EndpointTraffic: Sendable {
    let address: IPAddress
    let port: UInt16
    /// Connections, counted as packets, and the bytes of their first packets.
    var total = RuleCounters.zero
    var rule = RunningCount()
    /// When the endpoint was retired, as ``Retirements`` counts; `nil` as long as rules lead to it.
    var retirement: UInt64?

    /// Whether the endpoint comes before another in a service port's list.
    func isBefore(_ address: IPAddress, _ port: UInt16) -> Bool {
        self.address == address ? self.port < port : self.address < address
    }
}

/// Counts endpoints that no rule leads to any longer.
struct Retirements: Sendable {
    private(set) var count = 0
    private var last: UInt64 = 0

    mutating func add() -> UInt64 {
        count += 1
        last += 1
        return last
    }

    mutating func remove(_ number: Int = 1) { count -= number }
}
