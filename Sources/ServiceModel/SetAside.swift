// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// How an endpoint did not take a connection.
public enum ConnectionFailure: String, Sendable, Hashable, CaseIterable {
    /// It answered with a reset (RFC 9293, 3.10.7.1): nothing listens at the port.
    case refused
    /// It did not answer in time.
    case unanswered
}

/// Why this node does without an endpoint for a while, though the cluster calls it ready.
public enum SetAside: Sendable, Hashable {
    /// A connection failed just now, and others are to reach another endpoint.
    case failed(ConnectionFailure)
    /// So many connections in a row failed, the last of them in this way.
    case ejected(failures: Int, ConnectionFailure)

    /// Whether the endpoint was ejected, and not only avoided.
    public var isEjection: Bool {
        switch self {
        case .failed: false
        case .ejected: true
        }
    }
}

extension SetAside {
    /// In words, for example `ejected: 5 connections in a row unanswered`.
    public var explanation: String { "\(isEjection ? "ejected" : "avoided"): \(cause)" }

    /// What the endpoint did, for example `a connection was refused`.
    var cause: String {
        switch self {
        case .failed(let failure), .ejected(1, let failure): "a connection was \(failure.rawValue)"
        case .ejected(let count, let failure): "\(count) connections in a row \(failure.rawValue)"
        }
    }
}

/// Endpoints of a service port that are set aside, and what that is limited by: a list of endpoints is never emptied by it.
struct EndpointAvoidance {
    let setAside: [AddressPort: SetAside]

    /// Selects with all of them set aside; if nothing is left, with the ejected ones only; if still nothing is, with none.
    ///
    /// - Parameter select: selects endpoints among those that are not in the dictionary.
    func select(_ select: ([AddressPort: SetAside]) -> [EndpointVerdict]) -> [EndpointVerdict] {
        if !setAside.isEmpty {
            for step in [setAside, setAside.filter { $0.value.isEjection }] where !step.isEmpty {
                let verdicts = select(step)
                if verdicts.contains(where: \.isUsed) { return verdicts }
            }
        }
        return select([:])
    }
}

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
        let verdicts = policy == .cluster ? clusterVerdicts : localVerdicts
        let concerned = endpoints.indices.filter { verdicts[$0].isUsed || verdicts[$0].setAside != nil }
        let healthy = concerned.filter { verdicts[$0].isUsed && setAside[endpoints[$0].addressPort] == nil }
        switch healthy.count {
        case 0: return .none
        case 1: return concerned.count == 1 ? .none : .allBut(endpoints[healthy[0]])
        default: return .all
        }
    }

    /// Whether a connection that an endpoint fails can come to another one that has not failed lately.
    ///
    /// With policy Local, pods and the node itself may have come to an endpoint on another node, by the list for policy Cluster.
    public func hasAlternative(to endpoint: AddressPort, for policy: TrafficPolicy) -> Bool {
        let isLocal = endpoints.indices.contains {
            endpoints[$0].addressPort == endpoint && (localVerdicts[$0].isUsed || localVerdicts[$0].setAside != nil)
        }
        let verdicts = policy == .local && isLocal ? localVerdicts : clusterVerdicts
        return endpoints.indices.contains { index in
            let other = endpoints[index].addressPort
            return verdicts[index].isUsed && other != endpoint && setAside[other] == nil
        }
    }

    /// The endpoints of a node port whose refusals are kept from clients.
    ///
    /// With policy Local, pods and the node itself take a short cut to all endpoints of the cluster.
    public func retriedEndpoints(ofNodePortsFor policy: TrafficPolicy) -> [Endpoint] {
        guard policy == .local else { return retriedEndpoints(for: .cluster) }
        let local = endpoints.indices.filter { localVerdicts[$0].isUsed || localVerdicts[$0].setAside != nil }
        let localAddresses = Set(local.map { endpoints[$0].addressPort })
        let retried = Set(
            (retriedEndpoints(for: .local)
                + retriedEndpoints(for: .cluster).filter { !localAddresses.contains($0.addressPort) }).map(
                    \.addressPort))
        return endpoints.filter { retried.contains($0.addressPort) }
    }

    /// The endpoints whose refusals are kept from clients, in their order.
    public func retriedEndpoints(for policy: TrafficPolicy) -> [Endpoint] {
        let verdicts = policy == .cluster ? clusterVerdicts : localVerdicts
        func among(_ isMeant: (Endpoint) -> Bool) -> [Endpoint] {
            endpoints.indices.compactMap { index in
                let isConcerned = verdicts[index].isUsed || verdicts[index].setAside != nil
                return isConcerned && isMeant(endpoints[index]) ? endpoints[index] : nil
            }
        }
        switch retryScope(for: policy) {
        case .none: return []
        case .all: return among { _ in true }
        case .allBut(let last): return among { $0.addressPort != last.addressPort }
        }
    }
}
