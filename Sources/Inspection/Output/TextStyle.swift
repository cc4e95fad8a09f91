// SPDX-License-Identifier: Apache-2.0

import Messages

/// What a text stands for; colours make it visible.
package enum TextStyle: Sendable, CaseIterable {
    case plain
    case heading
    case good
    case warning
    case bad
    case dim

    /// The code of SGR, ECMA-48 8.3.117.
    private var code: String? {
        switch self {
        case .plain: nil
        case .heading: "1"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        case .dim: "2"
        }
    }

    /// The text in this style.
    package func apply(to text: String, _ style: ReportStyle) -> String {
        guard style.hasColors, let beginning, !text.isEmpty else { return text }
        return "\(beginning)\(text)\(Self.end)"
    }

    private var beginning: String? { code.map { "\u{1b}[\($0)m" } }
    private static let end = "\u{1b}[0m"

    /// A line as a terminal may get it: whatever it would obey is escaped, but for the colours of styles, if there are to be
    /// any.
    ///
    /// Names of Pods, comments of foreign rules and much else in a report were written by others.
    package static func printable(_ line: String, _ style: ReportStyle) -> String {
        let allowed = style.hasColors ? colorSequences : []
        if line.utf8.allSatisfy({ (UInt8(ascii: " ")...UInt8(ascii: "~")).contains($0) }) { return line }
        var result = ""
        var rest = line.unicodeScalars[...]
        while let scalar = rest.first {
            if let colors = allowed.first(where: { rest.starts(with: $0) }) {
                result.unicodeScalars.append(contentsOf: colors)
                rest = rest.dropFirst(colors.count)
            } else {
                MessageText.append(scalar, to: &result)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// What switches a style on, or all off.
    private static let colorSequences = (allCases.compactMap(\.beginning) + [end]).map { Array($0.unicodeScalars) }
}
