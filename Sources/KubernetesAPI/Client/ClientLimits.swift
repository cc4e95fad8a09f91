// SPDX-License-Identifier: Apache-2.0

/// How long an ``APIClient`` waits, and how much it receives.
package struct ClientLimits: Sendable, Hashable {
    /// Until a connection is made.
    package var connect = Duration.seconds(10)
    /// Until an answer that is not a watch is complete.
    package var answer = Duration.seconds(60)
    /// Without a byte, before a connection counts as dead; bookmarks come about once a minute.
    package var silence = Duration.seconds(150)
    /// Until an exec plugin has ended.
    package var plugin = Duration.seconds(60)
    /// Until files with tokens and certificates are read again (client-go: one minute).
    package var rereadPeriod = Duration.seconds(60)
    /// The longest answer that is not a watch, in bytes: 500 slices with 1,000 endpoints each have about 150 MB.
    package var answerSize = 256 << 20

    package init() {}
}
