// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import RuleCompiler

/// The readings of a family's counters that rates are made of.
package struct TrafficMeasurement: Sendable, Hashable {
    /// The time of the last reading.
    package var time: Timestamp
    /// The time since the reading before, in seconds; `nil` if there was none.
    package var seconds: Double?

    package init(time: Timestamp, seconds: Double?) {
        self.time = time
        self.seconds = seconds
    }
}

/// The traffic of a service port between the last two readings.
package struct MeasuredPort: Sendable, Hashable {
    package var connectionsPerSecond: Double
    /// Packets rejected or dropped, by reason.
    package var refusedPerSecond: [RefusalReason: Double]

    package init(connectionsPerSecond: Double, refusedPerSecond: [RefusalReason: Double] = [:]) {
        self.connectionsPerSecond = connectionsPerSecond
        self.refusedPerSecond = refusedPerSecond
    }
}

/// The traffic of endpoints of a service port, in the order in which they were asked for.
package struct MeasuredEndpoints: Sendable, Hashable {
    /// Between the last two readings.
    package var connectionsPerSecond: [Double]
    /// Within the window.
    package var connections: [UInt64]
    /// The length of the window, in seconds; it begins after the last change of the port's endpoints.
    package var seconds: Double

    package init(connectionsPerSecond: [Double], connections: [UInt64], seconds: Double) {
        self.connectionsPerSecond = connectionsPerSecond
        self.connections = connections
        self.seconds = seconds
    }
}
