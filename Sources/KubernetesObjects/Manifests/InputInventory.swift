// SPDX-License-Identifier: Apache-2.0

/// What manifests hold, apart from the objects that are read: to describe an input that has none.
public struct InputInventory: Sendable, Hashable {
    /// The paths without any file: directories in which no name ends in .yaml, .yml or .json.
    public internal(set) var pathsWithoutFiles: [String] = []
    /// The files without a document.
    public internal(set) var emptyFiles: [String] = []
    /// The objects of kinds that are not read, by kind.
    public internal(set) var otherKinds: [String: Int] = [:]
    /// The lists without items, such as `{apiVersion: v1, kind: List, items: []}`.
    public internal(set) var emptyListCount = 0

    /// How many of each sort are named.
    private static let shown = 5
}

extension InputInventory: CustomStringConvertible {
    /// For example `standard input is empty`, or `only objects of other kinds: 2 Deployment, 1 Table`.
    public var description: String {
        let directories = Self.list(pathsWithoutFiles).map { "no .yaml, .yml or .json file in \($0)" }
        let files = Self.list(emptyFiles).map { "\($0) \(emptyFiles.count == 1 ? "is" : "are") empty" }
        let kinds = Self.list(otherKinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })
            .map { "only objects of other kinds: \($0)" }
        return [kinds, files, directories].compactMap(\.self).joined(separator: "; ")
    }

    /// The first elements, and how many there are besides; `nil` if there is none.
    private static func list(_ elements: [String]) -> String? {
        guard !elements.isEmpty else { return nil }
        let more = elements.count - shown
        return elements.prefix(shown).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
