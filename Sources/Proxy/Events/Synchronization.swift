// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KubernetesObjects
import NetworkTypes
import ServiceModel

/// One successful synchronization of a family's tables.
package struct Synchronization: Sendable {
    /// Why the tables were read.
    package enum Reason: String, Sendable, Hashable {
        /// The first time since the start.
        case start
        /// Services, endpoints, the node or options changed.
        case change
        /// The time for a check of the tables had come.
        case check
        /// The last synchronization failed.
        case retry
    }

    package let family: IPFamily
    package let reason: Reason
    /// The number of Services that changed since the last time; `nil` for all.
    package let changedServices: Int?
    /// What changed of these Services, ordered by their names; none if all may have changed.
    package let serviceChanges: [ServiceChange]
    /// How long it took to compile what changed and to put the rules together.
    package let compileTime: Duration
    /// What was done to the tables, and how long each part took.
    package let report: SyncReport
    /// When the changes were seen that led to those of endpoints which are in force now, as far as their objects have it.
    package let triggerTimes: [Timestamp]
    /// How many service ports of the family have no endpoints on this node by now, though they need some.
    package let missingLocalEndpoints: MissingLocalEndpoints
}

/// One failed synchronization of a family's tables.
package struct FailedSynchronization: Sendable {
    package let family: IPFamily
    package let reason: Synchronization.Reason
    /// The number of Services whose changes were to take effect; `nil` for all.
    package let changedServices: Int?
    package let error: SyncError
    /// The time until the next attempt, if nothing changes meanwhile.
    package let retryAfter: Duration
}
