import KubernetesObjects

/// A change that a ``Reflector`` delivers.
package enum ResourceEvent: Sendable {
    /// A complete list: every object that there is.
    ///
    /// - Parameters:
    ///   - unreadable: those that are there but cannot be used: the last state of them that could stays in force.
    ///   - remarks: warnings about the others, of what is repaired or ignored.
    case listed([KubernetesObject], unreadable: [UnreadableObject], remarks: [Diagnostic])
    /// An object is new or has changed.
    ///
    /// - Parameter remarks: warnings about it, of what is repaired or ignored.
    case changed(KubernetesObject, remarks: [Diagnostic])
    /// An object is new or has changed, but cannot be used: the last state of it that could stays in force.
    case unreadable(UnreadableObject)
    /// An object is gone.
    case removed(ObjectName)
}

/// An object that a server has but we cannot use.
package struct UnreadableObject: Sendable, Hashable {
    package var kind: KubernetesObject.Kind
    /// The namespace and name, as the server has them.
    package var name: ObjectName
    /// What is wrong with it; at least one error.
    package var diagnostics: [Diagnostic]

    package init(kind: KubernetesObject.Kind, name: ObjectName, diagnostics: [Diagnostic]) {
        self.kind = kind
        self.name = name
        self.diagnostics = diagnostics
    }
}
