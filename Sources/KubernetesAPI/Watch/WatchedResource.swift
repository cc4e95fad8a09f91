// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// What is listed and watched, with the selectors that kube-proxy uses.
package enum WatchedResource: Sendable, Hashable {
    /// All Services but headless ones and those of another proxy.
    case services
    /// All EndpointSlices but those of headless Services.
    case endpointSlices
    /// The Node with a name.
    case node(name: String)

    package var kind: KubernetesObject.Kind {
        switch self {
        case .services: .service
        case .endpointSlices: .endpointSlice
        case .node: .node
        }
    }

    package var path: String {
        switch self {
        case .services: "/api/v1/services"
        case .endpointSlices: "/apis/discovery.k8s.io/v1/endpointslices"
        case .node: "/api/v1/nodes"
        }
    }

    /// The selectors, as names and values of the query.
    var selectors: [(String, String)] {
        switch self {
        case .services:
            // KEP-2447; without a cluster IP there is nothing to balance.
            [
                ("labelSelector", "!service.kubernetes.io/service-proxy-name"),
                ("fieldSelector", "spec.clusterIP!=None"),
            ]
        case .endpointSlices:
            [("labelSelector", "!service.kubernetes.io/headless")]
        case .node(let name):
            [("fieldSelector", "metadata.name=\(name)")]
        }
    }
}

extension WatchedResource: CustomStringConvertible {
    /// `services`, `endpointslices`, `node n`.
    package var description: String {
        switch self {
        case .services: "services"
        case .endpointSlices: "endpointslices"
        case .node(let name): "node \(ServerText.line(name))"
        }
    }
}
