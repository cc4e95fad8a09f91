// SPDX-License-Identifier: Apache-2.0

/// How texts that others wrote appear in messages: on one line, of bounded length, nothing that a terminal would obey.
///
/// Such texts come from files, kernel tables, an API server, flags and file names. A control sequence in one of them could
/// hide or rewrite what an operator sees, and a character that changes the direction of writing could reorder it
/// (CVE-2021-42574). Quote a value with ``quoted(_:)`` where a message is made; whatever writes messages passes them
/// through ``line(_:)``.
package enum MessageText {
    /// The longest value in a message, in characters.
    package static let valueLimit = 80
    /// The longest message, in characters: several rules with all their options.
    package static let lineLimit = 4_096

    /// A value in quotes, escaped, cut after ``valueLimit`` characters.
    package static func quoted(_ text: some StringProtocol) -> String { "\"\(escaped(text))\"" }

    /// A value without quotes, escaped, cut after ``valueLimit`` characters.
    package static func escaped(_ text: some StringProtocol) -> String { escaped(text, limit: valueLimit) }

    /// A whole message, or a line of a longer text, escaped, cut after ``lineLimit`` characters.
    ///
    /// What is escaped already stays as it is.
    package static func line(_ text: some StringProtocol) -> String { escaped(text, limit: lineLimit) }

    private static func escaped(_ text: some StringProtocol, limit: Int) -> String {
        // Nearly all messages are short, and of plain letters.
        if text.isPlain, text.utf8.count <= limit { return String(text) }
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit { return result + "…" }
            count += 1
            append(scalar, to: &result)
        }
        return result
    }

    /// Appends a character as messages show it.
    package static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case " "..."~": text.unicodeScalars.append(scalar)
        case _ where scalar.isPrintable: text.unicodeScalars.append(scalar)
        default: text += "\\u{\(String(scalar.value, radix: 16))}"
        }
    }
}

extension StringProtocol {
    /// Whether all of it is printable ASCII, as nearly all texts are: such a text needs no escape.
    package var isPlain: Bool {
        // A table has a million texts: bytes in a row are much quicker than those of a view.
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(\.isPlain) } ?? utf8.allSatisfy(\.isPlain)
    }
}

extension UInt8 {
    /// Whether it is printable ASCII.
    package var isPlain: Bool { self >= 0x20 && self < 0x7f }
}

extension Unicode.Scalar {
    /// Whether a terminal shows it and does nothing else.
    ///
    /// That excludes control characters (those of ECMA-48's C1 set too), marks of the direction of writing, and whatever
    /// has no shape of its own.
    package var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
