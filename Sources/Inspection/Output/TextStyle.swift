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

    private var beginning: String? { code.map { "\(Self.mark)\($0)m" } }
    private static let end = "\(mark)0m"

    /// What stands for "ESC [" until a line is written: drawn at random in each process, so that no name can have it, and
    /// colours in names stay what they are: text.
    private static let mark = "\u{1b}\(UInt64.random(in: .min ... .max))["
    private static let markBytes = Array(mark.utf8)
    /// ECMA-48 8.3.16.
    private static let controlSequence = "\u{1b}["

    /// A line as a terminal may get it: whatever it would obey is escaped, but for the colours of styles, if there are to be
    /// any.
    ///
    /// Names of Pods, comments of foreign rules and much else in a report were written by others.
    package static func printable(_ line: String, _ style: ReportStyle) -> String {
        if line.isPlain { return line }
        var result = ""
        var rest = line[...]
        while style.hasColors, let place = rest.firstIndexOfMark(markBytes) {
            appendPrintable(rest[..<place], to: &result)
            result += controlSequence
            rest = rest[rest.utf8.index(place, offsetBy: markBytes.count)...]
        }
        appendPrintable(rest, to: &result)
        return result
    }

    private static func appendPrintable(_ text: Substring, to result: inout String) {
        var rest = text
        while let place = rest.utf8.firstIndex(where: { !$0.isPlain }) {
            result += rest[..<place]
            MessageText.append(rest.unicodeScalars[place], to: &result)
            rest = rest[rest.unicodeScalars.index(after: place)...]
        }
        result += rest
    }
}

extension Substring {
    /// Where a mark begins; its first byte is ESC, which hardly any text has.
    fileprivate func firstIndexOfMark(_ mark: [UInt8]) -> Index? {
        var rest = utf8[...]
        while let place = rest.firstIndex(of: 0x1b) {
            if rest[place...].starts(with: mark) { return place }
            rest = rest[rest.index(after: place)...]
        }
        return nil
    }
}
