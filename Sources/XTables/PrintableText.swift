// SPDX-License-Identifier: Apache-2.0

/// Texts of foreign rules and files as messages show them: on one line, without terminal control sequences.
///
/// iptables-save prints them as they are; a comment could then clear the screen of whoever looks at the rules.
enum PrintableText {
    /// The text with each character that is not to be seen as its number: `\u{1b}`.
    static func line(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7f }) else { return text }
        return escaped(text.unicodeScalars)
    }

    /// The text likewise; if it is longer than so many characters, `…` stands for its middle.
    ///
    /// Messages quote a word first and say then what would be right, so both ends are worth reading.
    static func line(_ text: String, upTo limit: Int) -> String {
        let scalars = text.unicodeScalars
        guard scalars.dropFirst(limit).first != nil else { return line(text) }
        return escaped(scalars.prefix(limit / 2)) + "…" + escaped(scalars.suffix(limit / 2))
    }

    private static func escaped(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        scalars.reduce(into: "") { result, scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
