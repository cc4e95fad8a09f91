// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Which endpoints' refusals are kept from clients, so that they try again and reach another endpoint.
public enum RetryScope: Sendable, Hashable {
    /// Those of none: there is no other endpoint, or all failed lately.
    case none
    /// Those of all.
    case all
    /// Those of all but one, which is the only one that has not failed lately.
    case allBut(Endpoint)
}

extension EndpointSelection {
    /// Which refusals are kept from clients whose connections are balanced by a policy.
    public func retryScope(for policy: TrafficPolicy) -> RetryScope {
        let candidates = candidates(for: policy)
        let healthy = candidates.filter { setAside[$0.addressPort] == nil }
        switch healthy.count {
        case 0: return .none
        case 1: return candidates.count == 1 ? .none : .allBut(healthy[0])
        default: return .all
        }
    }

    /// The endpoints whose refusals are kept from clients, in their order.
    public func retriedEndpoints(for policy: TrafficPolicy) -> [Endpoint] {
        switch retryScope(for: policy) {
        case .none: []
        case .all: candidates(for: policy)
        case .allBut(let last): candidates(for: policy).filter { $0.addressPort != last.addressPort }
        }
    }

    /// The endpoints of a node port whose refusals are kept from clients, in their order.
    ///
    /// With policy Local, pods and the node itself take a short cut to all endpoints of the cluster.
    public func retriedEndpoints(ofNodePortsFor policy: TrafficPolicy) -> [Endpoint] {
        guard policy == .local else { return retriedEndpoints(for: .cluster) }
        let local = Set(candidates(for: .local).map(\.addressPort))
        let remote = retriedEndpoints(for: .cluster).filter { !local.contains($0.addressPort) }
        let retried = Set((retriedEndpoints(for: .local) + remote).map(\.addressPort))
        return endpoints.filter { retried.contains($0.addressPort) }
    }

    /// Whether refusals of an endpoint are kept from some clients.
    public func keepsRefusals(of endpoint: AddressPort) -> Bool {
        (retriedEndpoints(for: .cluster) + retriedEndpoints(for: .local)).contains { $0.addressPort == endpoint }
    }

    /// Whether a connection that an endpoint fails can come to another one that has not failed lately.
    ///
    /// With policy Local, pods and the node itself may have come to an endpoint on another node, by the list for policy Cluster.
    public func hasAlternative(to endpoint: AddressPort, for policy: TrafficPolicy) -> Bool {
        let local = policy == .local ? candidates(for: .local) : []
        let list = local.contains { $0.addressPort == endpoint } ? local : candidates(for: .cluster)
        return list.contains { $0.addressPort != endpoint && setAside[$0.addressPort] == nil }
    }

    /// The endpoints of a list that are used, or would be if they were not set aside.
    private func candidates(for policy: TrafficPolicy) -> [Endpoint] {
        let verdicts = policy == .cluster ? clusterVerdicts : localVerdicts
        return endpoints.indices.filter { verdicts[$0].isUsed || verdicts[$0].setAside != nil }.map { endpoints[$0] }
    }
}
