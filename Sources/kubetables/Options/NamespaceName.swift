// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The value of `-n`: a name that is there.
///
/// An empty one is most often a variable that is not set, and no namespace has it.
enum NamespaceName {
    /// Reads the value; for the `transform` of an option.
    ///
    /// - Throws: `ValidationError` for an empty name.
    @Sendable static func read(_ text: String) throws -> String {
        guard !text.isEmpty else {
            throw ValidationError(
                "the name of a namespace cannot be empty; write a name, for example -n default, or leave out -n")
        }
        return text
    }
}
