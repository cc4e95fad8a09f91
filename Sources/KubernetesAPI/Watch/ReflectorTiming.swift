// SPDX-License-Identifier: Apache-2.0

/// How often and how long a ``Reflector`` does things; the defaults are those of client-go.
package struct ReflectorTiming: Sendable {
    /// How many objects are asked for at once.
    package var pageSize = 500
    /// How long the server is to keep a watch, in seconds: a random number of these, so that not all end together.
    package var watchSeconds = 300...600
    /// The pause after the first failure; it doubles with each one, and jitter adds up to as much again.
    package var firstPause = Duration.milliseconds(800)
    /// The longest pause, jitter left out.
    package var longestPause = Duration.seconds(30)
    /// The longest pause that a server can ask for.
    package var longestRetryAfter = Duration.seconds(120)
    /// The time without failures after which the pauses are short again, and the next recovery is logged at once.
    package var healthyAfter = Duration.seconds(120)
    /// How long a watch must go on before trouble counts as over.
    package var settling = Duration.seconds(2)
    /// A watch that ends earlier is trouble, and not resumed at once.
    package var shortestWatch = Duration.seconds(1)
    /// The pause after a page of a list that had no new object.
    package var fruitlessPagePause = Duration.milliseconds(200)
    /// The longest line of a watch that is read, in bytes.
    package var lineLimit = 64 << 20
    /// Waits; replaced in tests.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Draws; replaced in tests.
    package var random: @Sendable (ClosedRange<Double>) -> Double = { Double.random(in: $0) }

    package init() {}
}
