// SPDX-License-Identifier: Apache-2.0

/// Why a text is not valid JSON or YAML, and where.
public struct DocumentError: Error, Sendable, Hashable {
    /// The line of the file, from 1.
    public var line: Int
    /// The column, from 1, in characters.
    public var column: Int
    /// What is wrong and what would be right.
    public var message: String

    /// An error at a place of a file.
    public init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }
}

extension DocumentError: CustomStringConvertible {
    /// `line 3, column 7: what is wrong`.
    public var description: String { "line \(line), column \(column): \(message)" }
}
