// SPDX-License-Identifier: Apache-2.0

/// Where an object was read.
public struct ObjectOrigin: Hashable, Sendable {
    /// The path as the user gave it, or `standard input`; empty for an object that came from no file.
    public var file: String
    /// The number of the document in the file, from 1; all items of a list are in one document.
    public var document: Int
    /// The line in which the object begins, from 1.
    public var line: Int

    /// A place in a file; by default its beginning.
    public init(file: String, document: Int = 1, line: Int = 1) {
        self.file = file
        self.document = document
        self.line = line
    }

    /// The origin of objects that were not read from a file, but watched.
    public static let none = ObjectOrigin(file: "")
}
