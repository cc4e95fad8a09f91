// SPDX-License-Identifier: Apache-2.0

/// What a source reports about the objects of a cluster: its API, or a directory of manifests.
///
/// Updates come one after the other, each of them true at the time. A source that has lost its connection reports
/// nothing, and a complete list when it is back.
package enum ObjectUpdate: Sendable {
    /// A complete list: every object of the kind that there is.
    ///
    /// - Parameters:
    ///   - unreadable: objects that exist but cannot be used: their last good state stays in force.
    ///   - remarks: warnings about the others, of what is repaired or passed over.
    case listed(
        KubernetesObject.Kind, [KubernetesObject], unreadable: [UnreadableObject] = [], remarks: [Diagnostic] = [])
    /// An object is new or has changed.
    ///
    /// - Parameter remarks: warnings about it, of what is repaired or passed over.
    case changed(KubernetesObject, remarks: [Diagnostic] = [])
    /// An object is new or has changed, but cannot be used: its last good state stays in force.
    case unreadable(UnreadableObject)
    /// An object is gone.
    case removed(KubernetesObject.Kind, ObjectName)
    /// The errors of all files that could not be read so far; comes before the lists that lack what they hold.
    case unreadableFiles([Diagnostic])
}

/// An object that exists but cannot be used.
package struct UnreadableObject: Sendable, Hashable {
    package var kind: KubernetesObject.Kind
    /// The namespace and name, as the source has them.
    package var name: ObjectName
    /// What is wrong with it; at least one error.
    package var diagnostics: [Diagnostic]

    package init(kind: KubernetesObject.Kind, name: ObjectName, diagnostics: [Diagnostic]) {
        self.kind = kind
        self.name = name
        self.diagnostics = diagnostics
    }
}
