/// The namespace and name of an object; objects of one kind are told apart by it.
public struct ObjectName: Hashable, Sendable {
    /// The namespace that objects are in that do not say.
    public static let defaultNamespace = "default"

    /// The namespace; empty for kinds that have none (Node).
    public let namespace: String
    /// The name.
    public let name: String

    /// Names an object.
    public init(namespace: String = ObjectName.defaultNamespace, name: String) {
        self.namespace = namespace
        self.name = name
    }
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

/// Where an object was read.
public struct ObjectOrigin: Hashable, Sendable {
    /// The path as the user gave it, or `standard input`; empty for an object that came from no file.
    public var file: String
    /// The number of the document in the file, from 1; all items of a list are in one document.
    public var document: Int
    /// The line in which the object begins, from 1.
    public var line: Int

    /// Describes a place.
    public init(file: String, document: Int = 1, line: Int = 1) {
        self.file = file
        self.document = document
        self.line = line
    }

    /// The origin of objects that were not read from a file, but watched.
    public static let none = ObjectOrigin(file: "")
}
