// SPDX-License-Identifier: Apache-2.0

/// Separates the code of a Swift file from its comments and string literals.
enum SwiftText {
    /// The code, with each literal as `""`, and what is in the literals; of an interpolation only the quotes are missing.
    static func split(_ text: String) -> (code: String, literals: [String]) {
        var code = ""
        var literals: [String] = []
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("//") {
                rest = rest.drop { !$0.isNewline }
            } else if rest.hasPrefix("/*") {
                rest = rest.firstRange(of: "*/").map { rest[$0.upperBound...] } ?? ""
            } else if character == "\"" {
                let (literal, after) = literal(rest)
                literals.append(literal)
                code += "\"\""
                rest = after
            } else {
                code.append(character)
                rest.removeFirst()
            }
        }
        return (code, literals)
    }

    private static func literal(_ text: Substring) -> (content: String, after: Substring) {
        let delimiter = text.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
        var rest = text.dropFirst(delimiter.count)
        var content = ""
        var depth = 0
        while let character = rest.first {
            if rest.hasPrefix("\\(") {
                depth += 1
                rest = rest.dropFirst(2)
            } else if depth > 0 {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                if character == "\"" {
                    let inner = literal(rest)
                    content += inner.content
                    rest = inner.after
                } else {
                    rest.removeFirst()
                }
            } else if rest.hasPrefix(delimiter) {
                return (content, rest.dropFirst(delimiter.count))
            } else if character == "\\" {
                content += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                content.append(character)
                rest.removeFirst()
            }
        }
        return (content, "")
    }
}
