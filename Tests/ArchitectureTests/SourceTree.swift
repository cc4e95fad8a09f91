// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The Swift files of the modules.
enum SourceTree {
    struct File {
        /// The path from the folder of the sources, such as `XTables/Rule.swift`.
        let path: String
        let text: String

        var module: String { String(path.prefix { $0 != "/" }) }

        /// The modules that the file imports.
        var imports: [String] {
            code.matches(of: Self.importLine).map { String($0.output.1) }
        }

        private static var importLine: Regex<(Substring, Substring)> {
            // @preconcurrency internal import struct Foundation.Data
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:class|enum|func|let|protocol|struct|typealias|var)\s+)?(\w+)/
                .anchorsMatchLineEndings()
        }

        /// The text without comments and without what is in string literals.
        var code: String { SwiftSource(text).code.map(\.text).joined(separator: "\n") }

        /// What is in the string literals.
        var literals: [String] { SwiftSource(text).literals.map(\.text) }
    }

    static func files() throws -> [File] {
        let folder = Repository.root.appending(path: "Sources")
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (found?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .map { url in
                File(
                    path: String(url.path.dropFirst(folder.path.count + 1)),
                    text: try String(contentsOf: url, encoding: .utf8))
            }.sorted { $0.path < $1.path }
    }

    /// The imports of each module that has code.
    static func importsByModule() throws -> [String: Set<String>] {
        try files().reduce(into: [:]) { imports, file in imports[file.module, default: []].formUnion(file.imports) }
    }
}
