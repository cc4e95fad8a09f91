// SPDX-License-Identifier: Apache-2.0

/// Whether clients of a service port get what its Service promises, on this node.
package enum ServiceState: String, Sendable, Hashable, Codable, CaseIterable {
    /// The Service cannot be used as it is now; its last good state stays in force, if it had one.
    case invalid
    /// The kernel lacks a feature that the rules need.
    case unsupported
    /// Another Service claims an address or port of it, and gets the connections.
    case conflict
    /// Another process changed its rules within the last ten minutes; they were repaired, unless the family is out of sync.
    case drifted
    /// No endpoint can answer: connections are refused.
    case noEndpoints = "no-endpoints"
    /// A traffic policy is Local, and no endpoint is on this node: connections under that policy are dropped.
    case noLocalEndpoints = "no-local-endpoints"
    /// All endpoints that can be used failed lately: connections go to them all the same.
    case failing
    /// No rule is made on purpose, for example for a headless Service.
    case notProxied = "not-proxied"
    /// None of the others.
    case ok

    /// How long drift is reported after it was repaired, in seconds.
    package static let driftMemory = 600
}

extension ServiceState: Comparable {
    /// What needs attention first is the least.
    package static func < (left: ServiceState, right: ServiceState) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    var style: TextStyle {
        switch self {
        case .ok: .good
        case .notProxied: .dim
        case .drifted, .noLocalEndpoints: .warning
        case .invalid, .unsupported, .conflict, .noEndpoints, .failing: .bad
        }
    }
}
