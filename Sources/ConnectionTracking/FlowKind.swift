// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Which flows a listing is about.
package enum FlowKind: Hashable, Sendable {
    /// All flows of a transport protocol.
    case all(TransportProtocol)
    /// The TCP connections of which only the first SYN, or repetitions of it, have been seen.
    case unansweredConnections
}

extension Flow {
    /// Whether a listing of these kinds has the flow.
    func isAny(of kinds: Set<FlowKind>) -> Bool {
        kinds.contains(.all(transport)) || isUnansweredConnection && kinds.contains(.unansweredConnections)
    }
}
