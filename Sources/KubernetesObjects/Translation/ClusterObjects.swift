// SPDX-License-Identifier: Apache-2.0

import ServiceModel

/// The objects of a cluster that rules are made of, by name.
///
/// A long-running loop changes one object and asks for one Service again; a command reads them all and asks once.
public struct ClusterObjects: Sendable {
    /// The Services.
    public private(set) var services: [ServiceName: Service] = [:]
    /// The EndpointSlices.
    public private(set) var endpointSlices: [ObjectName: EndpointSlice] = [:]
    /// The Endpoints objects, by the Service that each belongs to.
    public private(set) var endpoints: [ServiceName: Endpoints] = [:]
    /// The Nodes, by name alone.
    public private(set) var nodes: [String: NodeObject] = [:]
    /// The slices of each Service that any slice names.
    private var slicesByService: [ServiceName: Set<ObjectName>] = [:]

    /// A cluster without objects.
    public init() {}

    /// Adds objects; of several with one kind and name the last counts.
    public init(_ objects: some Sequence<KubernetesObject>) {
        for object in objects { insert(object) }
    }

    /// Whether there is no object at all.
    public var isEmpty: Bool { services.isEmpty && endpointSlices.isEmpty && endpoints.isEmpty && nodes.isEmpty }

    /// The object of a kind and name, if there is one.
    public func object(_ kind: KubernetesObject.Kind, _ name: ObjectName) -> KubernetesObject? {
        switch kind {
        case .service: services[ServiceName(name)].map(KubernetesObject.service)
        case .endpointSlice: endpointSlices[name].map(KubernetesObject.endpointSlice)
        case .endpoints: endpoints[ServiceName(name)].map(KubernetesObject.endpoints)
        case .node: nodes[name.name].map(KubernetesObject.node)
        }
    }

    /// Adds an object, or puts it in the place of the one with its kind and name.
    public mutating func insert(_ object: KubernetesObject) {
        switch object {
        case .service(let service): services[service.name] = service
        case .endpoints(let object): endpoints[object.service] = object
        case .node(let object): nodes[object.node.name] = object
        case .endpointSlice(let slice):
            remove(.endpointSlice, slice.name)
            endpointSlices[slice.name] = slice
            guard let service = slice.service else { return }
            slicesByService[service, default: []].insert(slice.name)
        }
    }

    /// Removes the object of a kind and name, if there is one.
    public mutating func remove(_ kind: KubernetesObject.Kind, _ name: ObjectName) {
        switch kind {
        case .service: services[ServiceName(name)] = nil
        case .endpoints: endpoints[ServiceName(name)] = nil
        case .node: nodes[name.name] = nil
        case .endpointSlice:
            guard let slice = endpointSlices.removeValue(forKey: name), let service = slice.service else { return }
            slicesByService[service]?.remove(name)
            if slicesByService[service]?.isEmpty == true { slicesByService[service] = nil }
        }
    }

    /// The slices that name a Service, in the order of their names.
    public func slices(of service: ServiceName) -> [EndpointSlice] {
        (slicesByService[service] ?? []).sorted().compactMap { endpointSlices[$0] }
    }

    /// Whether any slice names a Service.
    public func hasSlices(of service: ServiceName) -> Bool { slicesByService[service] != nil }

    /// The node that a Node object describes; `nil` if there is no object of that name.
    public func node(named name: String) -> Node? { nodes[name]?.node }
}
