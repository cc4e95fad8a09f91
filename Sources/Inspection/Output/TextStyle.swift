// SPDX-License-Identifier: Apache-2.0

/// What a text stands for; colours make it visible.
package enum TextStyle: Sendable {
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
        guard style.hasColors, let code, !text.isEmpty else { return text }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }
}
