// SPDX-License-Identifier: Apache-2.0

/// The kind and the name of an object: its identity among all objects.
package struct ObjectKey: Hashable, Sendable {
    package let kind: KubernetesObject.Kind
    package let name: ObjectName

    package init(kind: KubernetesObject.Kind, name: ObjectName) {
        self.kind = kind
        self.name = name
    }

    package init(_ object: KubernetesObject) { self.init(kind: object.kind, name: object.name) }
}

extension ObjectKey: Comparable {
    /// By kind, then by name.
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
    }
}

extension ObjectKey: CustomStringConvertible {
    /// For example `Service default/web`.
    package var description: String { "\(kind.rawValue) \(name)" }
}
