// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import ServiceModel
import XTables

/// What only a running loop knows.
package struct LoopState: Sendable {
    /// The time of the state.
    package var time: Timestamp
    /// When the program was started.
    package var startTime: Timestamp
    /// The families whose rules are kept in sync.
    package var families: [IPFamily: FamilyState] = [:]
    /// What is done about endpoints that fail.
    package var failurePolicy = FailurePolicy.default
    /// What needs attention besides invalid objects and conflicts, one line each.
    package var warnings: [String] = []

    /// What happened since the program was started, as far as it is kept; `nil` if it is not.
    package var events: (any KeptEvents)?
    /// The syncs of the last hour; `nil` if they are not kept.
    package var syncs: (any KeptSyncs)?

    package init(time: Timestamp, startTime: Timestamp) {
        self.time = time
        self.startTime = startTime
    }
}

/// What a running loop knows of one family.
package struct FamilyState: Sendable {
    /// Since when the kernel has not had the desired rules, and why; `nil` if it has them.
    package var outOfSync: (since: Timestamp, reason: String)?
    /// Since when every sync has succeeded; `nil` before the first one.
    package var inSyncSince: Timestamp?
    /// The last sync that has succeeded.
    package var lastSync: SyncFacts?
    /// When the rules of a service port had drifted last.
    package var driftTimes: [ServicePortReference: Timestamp] = [:]
    /// What the kernel does not support, and for which service ports.
    package var unsupported: [UnsupportedFeatureState] = []
    /// How much longer the endpoints of service ports are avoided or ejected that are.
    package var remainingTimes: [ServicePortName: [AddressPort: Duration]] = [:]
    /// What the rules have counted; `nil` if that is not read.
    package var traffic: (any CountedTraffic)?

    package init() {}
}

/// A service port by its text alone, as rules and messages name it: `namespace/name:port`, and both protocols of a port.
package typealias ServicePortReference = String

/// A feature that the kernel refused.
package struct UnsupportedFeatureState: Sendable, Hashable {
    package var feature: String
    package var consequence: String
    package var affected: Set<ServicePortReference>

    package init(feature: String, consequence: String, affected: Set<ServicePortReference>) {
        self.feature = feature
        self.consequence = consequence
        self.affected = affected
    }
}

/// A sync of one family's tables.
package struct SyncFacts: Sendable {
    /// The size of a table.
    package struct TableSize: Sendable, Hashable, Codable {
        package var table: Table
        /// The number of the table's entries: its rules, and two for each chain.
        package var entries: Int

        package init(table: Table, entries: Int) {
            self.table = table
            self.entries = entries
        }
    }

    package var time: Timestamp
    /// Why the tables were read: `start`, `change`, `check`, `retry`.
    package var reason: String
    package var tables: [TableSize]
    /// How long each phase took, in the order of the phases.
    package var phases: [(name: String, duration: Duration)]

    package init(
        time: Timestamp, reason: String, tables: [TableSize], phases: [(name: String, duration: Duration)]
    ) {
        self.time = time
        self.reason = reason
        self.tables = tables
        self.phases = phases
    }
}

/// What the rules of one family have counted.
package protocol CountedTraffic: Sendable {
    /// The counts of a service port; `nil` if nothing was read yet.
    func counts(of servicePort: ServicePortName) -> TrafficCounts?
    /// The connections that endpoints have got, in their order; `nil` if nothing was read yet.
    func connections(of servicePort: ServicePortName, to endpoints: [AddressPort]) -> [UInt64]?
    /// The readings that rates are made of; `nil` if nothing was read yet.
    var measurement: TrafficMeasurement? { get }
    /// The rates of a service port; `nil` before the second reading.
    func rates(of servicePort: ServicePortName) -> MeasuredPort?
    /// The rates and counts of endpoints of a service port; `nil` before the second reading.
    func endpoints(of servicePort: ServicePortName, _ endpoints: [AddressPort]) -> MeasuredEndpoints?
}

extension CountedTraffic {
    package var measurement: TrafficMeasurement? { nil }
    package func rates(of servicePort: ServicePortName) -> MeasuredPort? { nil }
    package func endpoints(of servicePort: ServicePortName, _ endpoints: [AddressPort]) -> MeasuredEndpoints? { nil }
}
