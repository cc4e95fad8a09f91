// SPDX-License-Identifier: Apache-2.0

/// What became of an endpoint in one list of endpoints, and why.
public enum EndpointVerdict: Sendable, Hashable {
    /// It takes connections because it is ready.
    case used
    /// It is terminating and takes connections because no endpoint is ready (KEP-1669).
    case usedWhileTerminating
    /// Connections to it failed, and it takes connections because no other endpoint is left.
    case usedAlthoughFailing(SetAside)
    /// It is neither ready nor a terminating endpoint that still serves.
    case notReady
    /// It still serves, but is terminating, and others are ready.
    case terminating
    /// Hints mean it for other nodes (KEP-3015).
    case otherNode
    /// Hints mean it for other zones (KEP-2433).
    case otherZone
    /// It does not run on this node.
    case notLocal
    /// This node does without it for a while, since connections to it failed.
    case setAside(SetAside)
    /// Nothing may use this list: no traffic policy of the service port asks for it.
    case listUnused

    /// Whether connections are sent to the endpoint.
    public var isUsed: Bool {
        switch self {
        case .used, .usedWhileTerminating, .usedAlthoughFailing: true
        case .notReady, .terminating, .otherNode, .otherZone, .notLocal, .setAside, .listUnused: false
        }
    }

    /// Why this node does without the endpoint for a while; `nil` if it does not.
    public var setAside: SetAside? {
        if case .setAside(let reason) = self { reason } else { nil }
    }
}

/// Which of the ready endpoints the hints of all of them leave, for the list of cluster endpoints.
public enum TopologyVerdict: Sendable, Hashable {
    /// No list of cluster endpoints is needed, so no hint was read.
    case notConsulted
    /// No ready endpoint has a hint.
    case noHints
    /// Only endpoints meant for this node are used.
    case sameNode
    /// Only endpoints meant for this zone are used.
    case sameZone(String)
    /// Hints are ignored: this ready endpoint has none of the kind that others have.
    case ignoredEndpointWithoutHint(Endpoint)
    /// Hints are ignored: every ready endpoint has them, but none is meant for this zone.
    case ignoredNoneForZone(String)
    /// Zone hints are ignored: this node has no zone label.
    case ignoredNodeWithoutZone
    /// Node hints are ignored, since none is meant for this node, and there are no zone hints.
    case ignoredNoneForNode
}
