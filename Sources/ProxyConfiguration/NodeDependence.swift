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
        // Merging the endpoints takes as long as compiling them: it is done for Services that may depend on the node only.
        let services = objects.services.values.map { ($0.name, $0.servicePorts(family)) }
        return NodeDependence.allCases.filter { dependence in
            switch dependence {
            case .localPolicies:
                services.contains { name, servicePorts in
                    servicePorts.contains(where: \.usesLocalEndpoints)
                        && objects.servicePorts(of: name, family: family).contains {
                            $0.servicePort.usesLocalEndpoints && !$0.endpoints.isEmpty
                        }
                }
            case .hints:
                haveHints
                    && services.contains { name, _ in
                        objects.servicePorts(of: name, family: family).contains {
                            $0.endpoints.contains(where: hasHints)
                        }
                    }
            case .addresses:
                hasNodeObjects && settings.nodePortAddresses != .ranges([])
                    && services.contains { $0.1.contains { $0.nodePort != nil } }
            case .podRanges:
                usesPodRanges
            }
        }
    }

    /// Whether any slice has hints, which few have.
    private var haveHints: Bool {
        objects.endpointSlices.values.contains { slice in
            slice.endpoints.contains { !$0.nodeHints.isEmpty || !$0.zoneHints.isEmpty }
        }
    }

    /// Without Node objects no node has a zone.
    private func hasHints(_ endpoint: Endpoint) -> Bool {
        !endpoint.nodeHints.isEmpty || (hasNodeObjects && !endpoint.zoneHints.isEmpty)
    }

    private var hasNodeObjects: Bool { !objects.nodes.isEmpty }
}
