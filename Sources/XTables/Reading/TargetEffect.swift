// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What a target does to a packet, as far as it decides where the packet goes.
public enum TargetEffect: Hashable, Sendable {
    /// The next rule is tried (LOG, NFLOG, TRACE and so on).
    case goesOn
    /// The next rule is tried, with a mark that is not known here (CONNMARK, HMARK).
    case changesMark
    /// The next rule is tried, and connection tracking leaves the packet alone (CT `--notrack`).
    case stopsTracking
    /// The packet leaves the table, otherwise unchanged as far as it can be said here (NFQUEUE, SYNPROXY and so on).
    case leavesTable
    /// The packet ends here, with an error as its answer (REJECT) or without one.
    case refuses
    /// The source becomes one of these; `nil` stands for an address of this host or for ports that are left alone.
    case translatesSource(addresses: ClosedRange<IPAddress>?, ports: ClosedRange<UInt16>?)
    /// The destination becomes one of these; `nil` stands for this host (REDIRECT) or for ports that are left alone.
    case translatesDestination(addresses: ClosedRange<IPAddress>?, ports: ClosedRange<UInt16>?)
    /// Not known.
    case unknown
}
