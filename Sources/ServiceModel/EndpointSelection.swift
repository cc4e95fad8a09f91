// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Which endpoints of a service port a node uses, and why the others are left out.
///
/// Follows kube-proxy's `CategorizeEndpoints` (pkg/proxy/topology.go): readiness, hints and the fallback to terminating
/// endpoints shape the cluster list and the local list each on its own.
public struct EndpointSelection: Sendable {
    /// All endpoints, in the order they were given.
    public let endpoints: [Endpoint]
    /// What became of each endpoint in the list for policy Cluster, parallel to ``endpoints``.
    public let clusterVerdicts: EndpointVerdicts
    /// What became of each endpoint in the list for policy Local, parallel to ``endpoints``.
    public let localVerdicts: EndpointVerdicts
    /// What the hints of the endpoints led to.
    public let topology: TopologyVerdict
    /// Whether any endpoint anywhere could answer; decides between REJECT and DROP where a list is empty.
    public let hasUsableEndpoints: Bool

    /// The endpoints that are set aside if others are left.
    public let setAside: [AddressPort: SetAside]

    /// Selects among `endpoints` what `node` uses for `servicePort`, without those of `setAside` as far as others are left.
    public init(
        of endpoints: [Endpoint], for servicePort: ServicePort, on node: Node, setAside: [AddressPort: SetAside] = [:]
    ) {
        self.endpoints = endpoints
        self.setAside = setAside
        let avoidance = EndpointAvoidance(setAside: setAside)
        var usable = false

        if servicePort.usesClusterEndpoints {
            var topology = TopologyVerdict.noHints
            clusterVerdicts = EndpointVerdicts(
                avoidance.select { setAside in
                    let asked = setAside.isEmpty ? endpoints : endpoints.filter { setAside[$0.addressPort] == nil }
                    topology = TopologyVerdict(endpoints: asked, node: node)
                    return Self.verdicts(endpoints, setAside) { topology.exclusion($0, node: node) }
                }.marking(setAside, endpoints))
            self.topology = topology
            usable = clusterVerdicts.contains { $0.isUsed }
        } else {
            topology = .notConsulted
            clusterVerdicts = EndpointVerdicts(repeating: .listUnused, count: endpoints.count)
        }

        if servicePort.usesLocalEndpoints {
            localVerdicts = EndpointVerdicts(
                avoidance.select { setAside in
                    Self.verdicts(endpoints, setAside) { $0.nodeName == node.name ? nil : .notLocal }
                }.marking(setAside, endpoints))
            // Remote endpoints count too: "no local endpoints" is not "no endpoints".
            usable = usable || endpoints.contains { $0.isReady || $0.isTerminatingFallback }
        } else {
            localVerdicts = EndpointVerdicts(repeating: .listUnused, count: endpoints.count)
        }
        hasUsableEndpoints = usable
    }

    /// Whether some traffic can only go to endpoints that failed lately, since no other is left.
    public var usesFailingEndpoints: Bool {
        !setAside.isEmpty && [clusterVerdicts, localVerdicts].joined().contains { $0.isUsedAlthoughFailing }
    }

    /// The endpoints that traffic of policy Cluster is balanced over.
    public var clusterEndpoints: [Endpoint] { used(clusterVerdicts) }

    /// The endpoints that traffic of policy Local is balanced over.
    public var localEndpoints: [Endpoint] { used(localVerdicts) }

    /// The endpoints that are in at least one of the two lists.
    public var reachableEndpoints: [Endpoint] {
        endpoints.indices.compactMap { index in
            clusterVerdicts[index].isUsed || localVerdicts[index].isUsed ? endpoints[index] : nil
        }
    }

    private func used(_ verdicts: EndpointVerdicts) -> [Endpoint] {
        if verdicts.allSatisfy(\.isUsed) { return endpoints }
        return endpoints.indices.compactMap { verdicts[$0].isUsed ? endpoints[$0] : nil }
    }

    /// The verdicts of one list: the ready endpoints that nothing excludes or, if there are none, the terminating ones.
    ///
    /// The fallback ignores hints (they are made for ready endpoints only), but not whether an endpoint is local.
    private static func verdicts(
        _ endpoints: [Endpoint], _ setAside: [AddressPort: SetAside], exclusion: (Endpoint) -> EndpointVerdict?
    ) -> [EndpointVerdict] {
        var hasReady = false
        var verdicts = endpoints.map { endpoint -> EndpointVerdict in
            if !setAside.isEmpty, let reason = setAside[endpoint.addressPort] {
                if exclusion(endpoint) == .notLocal { return .notLocal }
                return endpoint.isReady || endpoint.isTerminatingFallback ? .setAside(reason) : .notReady
            }
            if endpoint.isReady {
                let excluded = exclusion(endpoint)
                hasReady = hasReady || excluded == nil
                return excluded ?? .used
            }
            guard endpoint.isTerminatingFallback else { return .notReady }
            return exclusion(endpoint) == .notLocal ? .notLocal : .terminating
        }
        if !hasReady {
            for index in verdicts.indices where isFallback(endpoints[index], verdict: verdicts[index]) {
                verdicts[index] = .usedWhileTerminating
            }
        }
        return verdicts
    }

    private static func isFallback(_ endpoint: Endpoint, verdict: EndpointVerdict) -> Bool {
        endpoint.isTerminatingFallback && verdict != .notLocal && verdict.setAside == nil
    }
}

extension EndpointVerdict {
    fileprivate var isUsedAlthoughFailing: Bool {
        if case .usedAlthoughFailing = self { true } else { false }
    }
}

extension [EndpointVerdict] {
    /// The verdicts with those marked that are used although they were to be set aside.
    fileprivate func marking(_ setAside: [AddressPort: SetAside], _ endpoints: [Endpoint]) -> [EndpointVerdict] {
        guard !setAside.isEmpty else { return self }
        return indices.map { index in
            guard self[index].isUsed, let reason = setAside[endpoints[index].addressPort] else { return self[index] }
            return .usedAlthoughFailing(reason)
        }
    }
}
