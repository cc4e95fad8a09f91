// SPDX-License-Identifier: Apache-2.0

/// How texts of the input appear in messages: on one line, of bounded length, without terminal control sequences.
package enum MessageText {
    private static let lengthLimit = 80

    /// The text in quotes, escaped, cut after 80 characters.
    package static func quoted(_ text: some StringProtocol) -> String { "\"\(escaped(text))\"" }

    /// The text without quotes, escaped, cut after 80 characters.
    package static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == lengthLimit { return result + "…" }
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                default:
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }
}
