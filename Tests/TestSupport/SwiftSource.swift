// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Swift file cut into its string literals, which people see, and its code, which programmers see.
///
/// Comments are neither.
public struct SwiftSource {
    /// A literal, or the code of one line.
    public struct Piece: Equatable {
        /// The line that it begins in, from 1.
        public let line: Int
        /// What stands there.
        public var text: String
    }

    /// The string literals, with `…` for each interpolation.
    public private(set) var literals: [Piece] = []
    /// The code between literals and comments, a piece for each line.
    public private(set) var code: [Piece] = []

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1

    /// Cuts the text of a file.
    public init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        readCode(untilParenthesis: false)
    }

    // MARK: Code

    private mutating func readCode(untilParenthesis: Bool) {
        var depth = 0
        while let scalar = peek() {
            if starts("//") {
                while let scalar = peek(), scalar != "\n" { advance() }
            } else if starts("/*") {
                while peek() != nil, !starts("*/") { advance() }
            } else if scalar == "\"" || scalar == "#" && isRawLiteral {
                readLiteral()
            } else if scalar == "/" && isRegex {
                readRegex()
            } else {
                if scalar == "(" { depth += 1 }
                if scalar == ")" { depth -= 1 }
                append(scalar)
                advance()
                if untilParenthesis, depth < 0 { return }
            }
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        if code.last?.line != line { code.append(Piece(line: line, text: "")) }
        code[code.count - 1].text.unicodeScalars.append(scalar)
    }

    /// A slash that begins a regular expression stands where an operand may stand, with no space behind it.
    private var isRegex: Bool {
        guard let next = peek(1), next != " ", next != "\n", position > 0 else { return false }
        return "(,[ ".unicodeScalars.contains(scalars[position - 1])
    }

    private mutating func readRegex() {
        advance()
        while let scalar = peek(), scalar != "/", scalar != "\n" {
            advance(scalar == "\\" ? 2 : 1)
        }
        advance()
    }

    // MARK: Literals

    private var isRawLiteral: Bool {
        var ahead = 1
        while peek(ahead) == "#" { ahead += 1 }
        return peek(ahead) == "\""
    }

    private mutating func readLiteral() {
        let start = line
        var pounds = ""
        while peek() == "#" {
            pounds += "#"
            advance()
        }
        let quotes = starts("\"\"\"") ? "\"\"\"" : "\""
        advance(quotes.count)
        let end = quotes + pounds
        let escape = "\\" + pounds
        var text = String.UnicodeScalarView()
        while let scalar = peek(), !starts(end) {
            if starts(escape + "(") {
                text.append("…")
                advance(escape.count + 1)
                readCode(untilParenthesis: true)
            } else if starts(escape) {
                advance(escape.count)
                readEscape(into: &text)
            } else {
                text.append(scalar)
                advance()
            }
        }
        advance(end.count)
        literals.append(Piece(line: start, text: String(text)))
    }

    private mutating func readEscape(into text: inout String.UnicodeScalarView) {
        guard let scalar = peek() else { return }
        switch scalar {
        // A line that goes on in the next, without the indentation of that.
        case "\n":
            advance()
            while peek() == " " { advance() }
        case "n", "t", "r", "0":
            text.append(" ")
            advance()
        case "u":
            text.append(" ")
            while let scalar = peek(), scalar != "}" { _ = scalar; advance() }
            advance()
        default:
            text.append(scalar)
            advance()
        }
    }

    // MARK: Position

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        position + ahead < scalars.count ? scalars[position + ahead] : nil
    }

    private func starts(_ text: String) -> Bool {
        var ahead = 0
        for scalar in text.unicodeScalars {
            guard peek(ahead) == scalar else { return false }
            ahead += 1
        }
        return true
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < scalars.count {
            if scalars[position] == "\n" { line += 1 }
            position += 1
        }
    }
}
