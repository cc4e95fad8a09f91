// SPDX-License-Identifier: Apache-2.0

/// What an input showed to be wrong.
struct Finding: Error {
    /// What happened and what should have.
    let reason: String

    /// The reason without what is different in each input.
    var kind: String { String(reason.prefix { $0 != ":" }.filter { !$0.isNumber }) }

    init(_ reason: String) { self.reason = reason }
}
