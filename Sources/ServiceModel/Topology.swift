// SPDX-License-Identifier: Apache-2.0

extension TopologyVerdict {
    /// Asks the hints of all ready endpoints: node hints first, then zone hints (`topologyModeFromHints`).
    ///
    /// Hints of one kind are followed only if every ready endpoint has them and one of them names us. The proxy follows
    /// hints alone: what the Service asked for (trafficDistribution, annotations) is the slice controller's business.
    init(endpoints: [Endpoint], node: Node) {
        var nodes = HintSurvey()
        var zones = HintSurvey()
        for endpoint in endpoints where endpoint.isReady {
            nodes.ask(endpoint, hints: endpoint.nodeHints, own: node.name)
            zones.ask(endpoint, hints: endpoint.zoneHints, own: node.zone ?? "")
        }

        if nodes.isComplete && nodes.meansUs {
            self = .sameNode
        } else if zones.isComplete && zones.meansUs {
            self = .sameZone(node.zone ?? "")
        } else if !zones.hasHints && !nodes.hasHints {
            self = .noHints
        } else if zones.isComplete {
            self = node.zone.map(TopologyVerdict.ignoredNoneForZone) ?? .ignoredNodeWithoutZone
        } else if zones.hasHints, let endpoint = zones.firstWithout {
            self = .ignoredEndpointWithoutHint(endpoint)
        } else if let endpoint = nodes.firstWithout {
            self = .ignoredEndpointWithoutHint(endpoint)
        } else {
            self = .ignoredNoneForNode
        }
    }

    /// Why hints keep a ready endpoint out of the cluster list; `nil` if they do not.
    func exclusion(_ endpoint: Endpoint, node: Node) -> EndpointVerdict? {
        switch self {
        case .sameNode: endpoint.nodeHints.contains(node.name) ? nil : .otherNode
        case .sameZone(let zone): endpoint.zoneHints.contains(zone) ? nil : .otherZone
        default: nil
        }
    }
}

/// The hints of one kind of all ready endpoints.
private struct HintSurvey {
    var hasHints = false
    var meansUs = false
    var firstWithout: Endpoint?

    var isComplete: Bool { hasHints && firstWithout == nil }

    mutating func ask(_ endpoint: Endpoint, hints: Set<String>, own: String) {
        guard !hints.isEmpty else {
            if firstWithout == nil { firstWithout = endpoint }
            return
        }
        hasHints = true
        meansUs = meansUs || hints.contains(own)
    }
}
