// SPDX-License-Identifier: Apache-2.0

import Documents

/// An object of one of the kinds that a proxy reads.
public enum KubernetesObject: Sendable, Hashable {
    /// What must be reachable.
    case service(Service)
    /// What answers.
    case endpointSlice(EndpointSlice)
    /// What answers, in the older form.
    case endpoints(Endpoints)
    /// Where rules are made for.
    case node(NodeObject)

    /// The kinds that are read.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A Service.
        case service = "Service"
        /// An EndpointSlice.
        case endpointSlice = "EndpointSlice"
        /// An Endpoints object.
        case endpoints = "Endpoints"
        /// A Node.
        case node = "Node"

        /// The version of the API in which the kind is read.
        public var apiVersion: String {
            switch self {
            case .endpointSlice: "discovery.k8s.io/v1"
            case .service, .endpoints, .node: "v1"
            }
        }

        var nameRule: ObjectMetadata.NameRule {
            switch self {
            case .service: .label
            case .endpointSlice, .endpoints: .subdomain
            case .node: .clusterWideSubdomain
            }
        }
    }

    /// The kind.
    public var kind: Kind {
        switch self {
        case .service: .service
        case .endpointSlice: .endpointSlice
        case .endpoints: .endpoints
        case .node: .node
        }
    }

    /// The namespace and name.
    public var name: ObjectName {
        switch self {
        case .service(let service): ObjectName(service.name)
        case .endpointSlice(let slice): slice.name
        case .endpoints(let endpoints): ObjectName(endpoints.service)
        case .node(let node): node.name
        }
    }

    /// Where the object was read.
    public var origin: ObjectOrigin {
        switch self {
        case .service(let service): service.origin
        case .endpointSlice(let slice): slice.origin
        case .endpoints(let endpoints): endpoints.origin
        case .node(let node): node.origin
        }
    }

    /// Reads an object of a known kind, whatever its own `kind` and `apiVersion`; the log gets every finding.
    ///
    /// - Returns: `nil` if there was an error.
    public init?(_ document: DocumentObject, kind: Kind, origin: ObjectOrigin = .none, log: inout DiagnosticLog) {
        var fields = FieldReader(kind: kind.rawValue, origin: origin)
        let object = KubernetesObject(document, kind: kind, fields: &fields)
        log.add(fields.log)
        guard let object else { return nil }
        self = object
    }

    init?(_ document: DocumentObject, kind: Kind, fields: inout FieldReader) {
        guard let metadata = ObjectMetadata(document, rule: kind.nameRule, fields: &fields) else { return nil }
        switch kind {
        case .service: self = .service(Service(metadata, document: document, fields: &fields))
        case .endpointSlice: self = .endpointSlice(EndpointSlice(metadata, document: document, fields: &fields))
        case .endpoints: self = .endpoints(Endpoints(metadata, document: document, fields: &fields))
        case .node: self = .node(NodeObject(metadata, document: document, fields: &fields))
        }
        if fields.hasErrors { return nil }
    }
}

extension KubernetesObject {
    /// When the change that led to this object was seen, if it has that annotation: for the latency of programming.
    public var triggerTime: Timestamp? {
        switch self {
        case .endpointSlice(let slice): slice.triggerTime
        case .endpoints(let endpoints): endpoints.triggerTime
        case .service, .node: nil
        }
    }

    /// The object without ``triggerTime``, to see whether anything differs that rules are made of.
    public var withoutTriggerTime: KubernetesObject {
        switch self {
        case .endpointSlice(var slice):
            slice.triggerTime = nil
            return .endpointSlice(slice)
        case .endpoints(var endpoints):
            endpoints.triggerTime = nil
            return .endpoints(endpoints)
        case .service, .node:
            return self
        }
    }
}
