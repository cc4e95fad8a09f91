// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// Something in the input that makes rules different from node to node.
package enum NodeDependence: String, CaseIterable, Sendable {
    /// Services that use endpoints on the node only, for some traffic.
    case localPolicies = "Local traffic policies"
    /// Endpoints that are meant for some nodes or zones.
    case hints = "topology hints"
    /// Node ports on some of the node's addresses only.
    case addresses = "addresses for node ports"
    /// Pods recognized by the ranges of the Node object.
    case podRanges = "pod CIDRs of the node"
}

extension CompilerInput {
    /// What in the rules of a family depends on the node's name, and on the Node object of that name.
    package func nodeDependences(_ family: IPFamily) -> [NodeDependence] {
        let servicePorts = objects.snapshot(family: family).servicePorts
        return NodeDependence.allCases.filter { dependence in
            switch dependence {
            case .localPolicies:
                servicePorts.contains { $0.servicePort.usesLocalEndpoints && !$0.endpoints.isEmpty }
            case .hints:
                servicePorts.contains { $0.endpoints.contains(where: hasHints) }
            case .addresses:
                hasNodeObjects && settings.nodePortAddresses != .ranges([])
                    && servicePorts.contains { $0.servicePort.nodePort != nil }
            case .podRanges:
                usesPodRanges
            }
        }
    }

    /// Without Node objects no node has a zone.
    private func hasHints(_ endpoint: Endpoint) -> Bool {
        !endpoint.nodeHints.isEmpty || (hasNodeObjects && !endpoint.zoneHints.isEmpty)
    }

    private var hasNodeObjects: Bool { !objects.nodes.isEmpty }
}
