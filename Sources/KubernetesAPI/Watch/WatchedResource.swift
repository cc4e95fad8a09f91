import KubernetesObjects

/// What is listed and watched, with the selectors that kube-proxy uses.
public enum WatchedResource: Sendable, Hashable {
    /// All Services but headless ones and those of another proxy.
    case services
    /// All EndpointSlices but those of headless Services.
    case endpointSlices
    /// The Node with a name.
    case node(name: String)

    /// The kind of its objects.
    public var kind: KubernetesObject.Kind {
        switch self {
        case .services: .service
        case .endpointSlices: .endpointSlice
        case .node: .node
        }
    }

    /// The path of the API.
    public var path: String {
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
    public var description: String {
        switch self {
        case .services: "services"
        case .endpointSlices: "endpointslices"
        case .node(let name): "node \(ServerText.line(name))"
        }
    }
}
