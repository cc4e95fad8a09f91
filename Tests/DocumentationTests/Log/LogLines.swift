// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The lines of the log: those that the operations page explains, and those that the sources write.
enum LogLines {
    /// What the page explains, `…` for what differs: the first column of the table.
    static func explained() throws -> [String] {
        let page = Repository.root.appending(path: "Sources/kubetables/Documentation.docc/Operations.md")
        return try text(page).split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| `([^`]+)` \| .*\|$/).map { String($0.1) }
        }
    }

    /// What the sources write at a level that is shown unless `-v` asks for more, `…` for what is filled in.
    static func written() throws -> [String] {
        try sources().flatMap { source in
            source.matches(of: /logger\.(log|info|notice|warning|error|critical)\(/).compactMap { call in
                let rest = source[call.range.upperBound...]
                guard let quote = rest.firstIndex(of: "\""), isWithinCall(rest[..<quote]) else { return nil }
                return SourceLiteral.read(rest[quote...])
            }
        }
    }

    /// Whether no parenthesis is closed that was not opened; else the call has no literal of its own.
    private static func isWithinCall(_ text: Substring) -> Bool {
        var depth = 0
        return text.allSatisfy { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return depth >= 0
        }
    }

    /// The sources, with the literals that go on in another line put together.
    static func joinedSources() throws -> String {
        try sources().joined().replacing(/"\s*\+ "/, with: "").replacing(/\\\n\s*/, with: "")
    }

    private static func sources() throws -> [String] {
        let folder = Repository.root.appending(path: "Sources")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (files?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .sorted { $0.path < $1.path }.map { try text($0) }
    }

    private static func text(_ file: URL) throws -> String {
        String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }
}

/// A string literal of Swift, as far as log lines have them.
enum SourceLiteral {
    /// What the literal at the beginning says, with `…` for each interpolation; literals added to it are part of it.
    static func read(_ source: Substring) -> String {
        let isMultiline = source.hasPrefix("\"\"\"")
        let delimiter = isMultiline ? "\"\"\"" : "\""
        var rest = source.dropFirst(delimiter.count)
        var text = ""
        while !rest.isEmpty {
            if rest.hasPrefix("\\(") {
                text += "…"
                rest = afterInterpolation(rest.dropFirst(2))
            } else if rest.hasPrefix(delimiter) {
                rest = rest.dropFirst(delimiter.count)
                guard let sum = rest.prefixMatch(of: /\s*\+ "/) else { break }
                rest = rest[sum.range.upperBound...]
            } else if isMultiline, let fold = rest.prefixMatch(of: /\\\n\s*/) {
                rest = rest[fold.range.upperBound...]
            } else if rest.hasPrefix("\\") {
                text += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                text.append(rest.removeFirst())
            }
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func afterInterpolation(_ source: Substring) -> Substring {
        var depth = 1
        var rest = source
        while depth > 0, let character = rest.popFirst() {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
        }
        return rest
    }
}
