// SPDX-License-Identifier: Apache-2.0

/// What becomes of a connection to one of the addresses of a service port, on this node.
package enum FrontEndOutcome: Sendable, Hashable {
    /// It is balanced over so many endpoints.
    case balanced(Int)
    /// It is refused: there is no endpoint anywhere.
    case refused
    /// It is dropped: there are endpoints, but none on this node, and the traffic policy is Local.
    case dropped
}

extension EndpointSelection {
    /// What becomes of a connection under a traffic policy.
    ///
    /// Under external policy Local, pods and processes of this node go to all endpoints of the cluster nevertheless.
    package func outcome(_ policy: TrafficPolicy) -> FrontEndOutcome {
        guard hasUsableEndpoints else { return .refused }
        let verdicts = policy == .local ? localVerdicts : clusterVerdicts
        let count = verdicts.count { $0.isUsed }
        return count == 0 ? (policy == .local ? .dropped : .refused) : .balanced(count)
    }
}

extension FrontEndOutcome: CustomStringConvertible {
    /// For example `balanced over 3 endpoints`.
    package var description: String {
        switch self {
        case .balanced(1): "goes to 1 endpoint"
        case .balanced(let count): "balanced over \(count) endpoints"
        case .refused: "refused: no endpoint can answer"
        case .dropped: "dropped: no endpoint on this node"
        }
    }
}
