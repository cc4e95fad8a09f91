// SPDX-License-Identifier: Apache-2.0

import ServiceModel

/// The namespace and name of an object of any kind: within one kind, its identity.
public struct ObjectName: Hashable, Sendable {
    /// The namespace of objects that name none.
    public static let defaultNamespace = ServiceName.defaultNamespace

    /// The namespace; empty for kinds that have none (Node).
    public let namespace: String
    /// The name.
    public let name: String

    /// The name of an object in a namespace, by default in ``defaultNamespace``.
    public init(namespace: String = ObjectName.defaultNamespace, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// The name of a Service, or of the Endpoints object that belongs to it.
    public init(_ service: ServiceName) { self.init(namespace: service.namespace, name: service.name) }
}

extension ServiceName {
    /// The Service that has the namespace and name of an object.
    public init(_ object: ObjectName) { self.init(namespace: object.namespace, name: object.name) }
}

extension ObjectName: Comparable {
    /// Objects are ordered by namespace, then by name, each by its bytes.
    public static func < (left: ObjectName, right: ObjectName) -> Bool {
        left.namespace != right.namespace ? left.namespace < right.namespace : left.name < right.name
    }
}

extension ObjectName: CustomStringConvertible {
    /// `namespace/name`, or the name alone if there is no namespace.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}
