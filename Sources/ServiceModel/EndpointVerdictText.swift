// SPDX-License-Identifier: Apache-2.0

extension EndpointVerdict {
    /// The verdict in words, to stand behind an endpoint: `used`, `not used: it is not ready`.
    public var explanation: String {
        switch self {
        case .used: "used"
        case .usedWhileTerminating: "used although it is terminating, since none is ready"
        case .usedAlthoughFailing(let reason): "used although it fails (\(reason.cause)), since no other is left"
        case .listUnused: "not asked for by any traffic policy"
        case .notReady, .terminating, .otherNode, .otherZone, .notLocal, .setAside: "not used: \(reason ?? "")"
        }
    }

    /// Why the endpoint is not used, or what is wrong with it, in words; `nil` if there is nothing to say, or if nothing asks for
    /// the list.
    package var reason: String? {
        switch self {
        case .used, .usedWhileTerminating, .listUnused: nil
        case .usedAlthoughFailing(let reason): "failing: \(reason.cause); used, since no other is left"
        case .notReady: "it is not ready"
        case .terminating: "it is terminating and others are ready"
        case .otherNode: "its hints mean other nodes"
        case .otherZone: "its hints mean other zones"
        case .notLocal: "it is not on this node"
        case .setAside(let reason): reason.explanation
        }
    }
}

extension TopologyVerdict {
    /// What the hints led to, in words; `nil` if there is nothing to say about them.
    public var explanation: String? {
        switch self {
        case .notConsulted, .noHints: nil
        case .sameNode: "hints: only endpoints meant for this node"
        case .sameZone(let zone): "hints: only endpoints meant for zone \(zone)"
        case .ignoredEndpointWithoutHint(let endpoint): "hints ignored: the ready endpoint \(endpoint) has none"
        case .ignoredNoneForZone(let zone): "hints ignored: no ready endpoint is meant for zone \(zone)"
        case .ignoredNodeWithoutZone: "hints ignored: this node has no label \(Node.zoneLabel)"
        case .ignoredNoneForNode: "hints ignored: no ready endpoint is meant for this node"
        }
    }
}

extension EndpointSelection {
    /// Why an endpoint is in none of the lists that traffic policies ask for, or not in one of them; `nil` if it is in all.
    ///
    /// - Parameter index: its place in ``endpoints``.
    package func reason(at index: Int) -> String? {
        let cluster = clusterVerdicts[index]
        let local = localVerdicts[index]
        if cluster == local || local == .listUnused { return cluster.reason }
        if cluster == .listUnused { return local.reason }
        let reasons = [("policy Cluster", cluster.reason), ("policy Local", local.reason)]
        return reasons.compactMap { policy, reason in reason.map { "\(policy): \($0)" } }.joined(separator: "; ")
    }

    /// The selection in lines: what the hints led to, then every endpoint and what became of it.
    ///
    /// An endpoint has one verdict if only one of the two lists is used, or both agree; else one of each.
    public var explanation: [String] {
        var lines = topology.explanation.map { [$0] } ?? []
        if endpoints.isEmpty { lines.append("no endpoints") }
        for (index, endpoint) in endpoints.enumerated() {
            let cluster = clusterVerdicts[index]
            let local = localVerdicts[index]
            let verdict =
                if local == .listUnused || local == cluster {
                    cluster.explanation
                } else if cluster == .listUnused {
                    "\(local.explanation) (policy Local)"
                } else {
                    "policy Cluster: \(cluster.explanation); policy Local: \(local.explanation)"
                }
            lines.append("\(endpoint): \(verdict)")
        }
        return lines
    }
}
