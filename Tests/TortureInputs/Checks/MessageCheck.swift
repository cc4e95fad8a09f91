// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// Whether messages are fit for a terminal and a log: no control characters, and not longer than a person reads.
enum MessageCheck {
    private static let longest = 4000

    static func run(_ diagnostics: [Diagnostic]) throws(Finding) {
        for diagnostic in diagnostics { try run("\(diagnostic)") }
    }

    static func run(_ message: String) throws(Finding) {
        for scalar in message.unicodeScalars where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) {
            throw Finding("a control character in a message: \(message.prefix(300).debugDescription)")
        }
        guard message.utf8.count <= longest else {
            throw Finding("a message of \(message.utf8.count) bytes: \(message.prefix(300).debugDescription)")
        }
    }
}
