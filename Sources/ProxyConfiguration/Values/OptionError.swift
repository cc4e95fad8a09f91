// SPDX-License-Identifier: Apache-2.0

import Documents

/// Why the value of an option cannot be used.
package struct OptionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The option as the user knows it, for example `--cluster-cidr` or `clusterCIDR`.
    package let option: String
    /// What is wrong and what would be right.
    package let reason: String

    package init(_ option: String, _ reason: String) {
        self.option = option
        self.reason = reason
    }

    /// A word that is not among the supported ones.
    static func unsupported(_ option: String, _ noun: String, _ word: String, supported: [String]) -> OptionError {
        OptionError(
            option, "unsupported \(noun) \(MessageText.quoted(word)) (supported: \(supported.joined(separator: ", ")))")
    }

    /// `OPTION: reason`.
    package var description: String { "\(option): \(reason)" }
}
