// SPDX-License-Identifier: Apache-2.0

/// The namespace and name of a Service.
public struct ServiceName: Hashable, Sendable {
    /// The namespace of objects that name none.
    public static let defaultNamespace = "default"

    /// The namespace.
    public let namespace: String
    /// The name.
    public let name: String

    /// The name of a Service in a namespace, by default in ``defaultNamespace``.
    public init(namespace: String = ServiceName.defaultNamespace, name: String) {
        self.namespace = namespace
        self.name = name
    }
}

extension ServiceName: Comparable {
    /// Services are ordered by namespace, then by name, each by its bytes.
    public static func < (left: ServiceName, right: ServiceName) -> Bool {
        left.namespace != right.namespace ? left.namespace < right.namespace : left.name < right.name
    }
}

extension ServiceName: CustomStringConvertible {
    /// `namespace/name`.
    public var description: String { "\(namespace)/\(name)" }
}
