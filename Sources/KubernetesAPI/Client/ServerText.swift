// SPDX-License-Identifier: Apache-2.0

import Messages

/// How texts of servers and plugins appear in the log: on one line, of bounded length, nothing a terminal would obey.
enum ServerText {
    private static let lengthLimit = 400
    /// How many bytes of a longer text are shown.
    static let shownBytes = 60

    /// The text in quotes.
    static func quoted(_ text: String) -> String { "\"\(line(text))\"" }

    /// The beginning of a longer text in quotes.
    static func beginning(of bytes: some Collection<UInt8>) -> String {
        quoted(String(decoding: bytes.prefix(shownBytes), as: UTF8.self))
    }

    /// The text on one line: runs of blanks are one, control characters are left out, the end is cut.
    static func line(_ text: some StringProtocol) -> String {
        var result = ""
        var count = 0
        var isAfterBlank = true
        for scalar in text.unicodeScalars {
            let isBlank = scalar.properties.isWhitespace
            defer { isAfterBlank = isBlank }
            if isBlank, isAfterBlank { continue }
            if count == lengthLimit { return result + "…" }
            count += 1
            result.unicodeScalars.append(isBlank ? " " : scalar.isPrintable ? scalar : "?")
        }
        if result.last == " " { result.removeLast() }
        return result
    }
}
