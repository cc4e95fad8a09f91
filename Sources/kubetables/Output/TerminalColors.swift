// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages

/// Colours for a terminal; plain text elsewhere, and if the user wants no colours (NO_COLOR).
struct TerminalColors {
    let isOn: Bool

    static var standardOutput: TerminalColors {
        let environment = ProcessInfo.processInfo.environment
        return TerminalColors(
            isOn: isatty(STDOUT_FILENO) != 0 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        )
    }

    static let none = TerminalColors(isOn: false)

    func bold(_ text: String) -> String { colored(text, "1") }
    func added(_ text: String) -> String { colored(text, "32") }
    func removed(_ text: String) -> String { colored(text, "31") }
    func moved(_ text: String) -> String { colored(text, "33") }

    /// The text, escaped, so that the only control sequences are the ones from here.
    ///
    /// - Parameter code: of SGR, ECMA-48 8.3.117.
    private func colored(_ text: String, _ code: String) -> String {
        let text = MessageText.line(text)
        return isOn ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
