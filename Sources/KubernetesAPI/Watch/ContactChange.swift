// SPDX-License-Identifier: Apache-2.0

/// That requests about a resource begin to fail, or succeed again.
package enum ContactChange: Sendable, Hashable {
    /// The first failure in a row.
    ///
    /// - Parameters:
    ///   - resource: what was asked for, for example `services`.
    ///   - server: the address of the server.
    ///   - failure: what went wrong, in words.
    case lost(resource: String, server: String, failure: String)
    /// A watch has gone on for a while.
    case regained(resource: String, server: String)
}
