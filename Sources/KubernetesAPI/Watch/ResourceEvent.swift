import Foundation
import KubernetesObjects

/// What a ``Reflector`` has seen.
public enum ResourceEvent: Sendable {
    /// A complete list: every object that there is.
    ///
    /// The unreadable ones are there but cannot be used: the last state of them that could stays in force.
    case listed([KubernetesObject], unreadable: [UnreadableObject])
    /// An object is new or has changed.
    ///
    /// - Parameter triggeredAt: when the change that led to this one was seen, for the latency of programming; only
    ///   EndpointSlices say it.
    case changed(KubernetesObject, triggeredAt: Date?)
    /// An object is new or has changed, but cannot be used: the last state of it that could stays in force.
    case unreadable(UnreadableObject)
    /// An object is gone.
    case removed(ObjectName)
}

/// An object that a server has but we cannot use.
public struct UnreadableObject: Sendable, Hashable {
    /// The kind.
    public var kind: KubernetesObject.Kind
    /// The namespace and name, as the server says them.
    public var name: ObjectName
    /// What is wrong with it; at least one error.
    public var diagnostics: [Diagnostic]

    /// Names an object and what is wrong with it.
    public init(kind: KubernetesObject.Kind, name: ObjectName, diagnostics: [Diagnostic]) {
        self.kind = kind
        self.name = name
        self.diagnostics = diagnostics
    }
}
