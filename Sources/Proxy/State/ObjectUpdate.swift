import KubernetesObjects

/// What a source tells about the objects of the cluster.
///
/// A source delivers updates one after the other, each of them true at the time; a source that has lost its connection
/// delivers nothing, and a list when it has found it again.
public enum ObjectUpdate: Sendable {
    /// Everything of a kind there is.
    ///
    /// - Parameter unreadable: objects that are there too, but cannot be read: their last good state stays in force.
    case listed(KubernetesObject.Kind, [KubernetesObject], unreadable: Set<ObjectName>)
    /// An object that is new or has changed.
    case changed(KubernetesObject)
    /// An object that is gone.
    case removed(KubernetesObject.Kind, ObjectName)
}
