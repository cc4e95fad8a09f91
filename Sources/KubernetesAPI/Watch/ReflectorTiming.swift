/// How often and how long a ``Reflector`` does things; the defaults are those of client-go.
public struct ReflectorTiming: Sendable {
    /// How many objects are asked for at once.
    public var pageSize = 500
    /// How long the server is to keep a watch, in seconds: a random number of these, so that not all end together.
    public var watchSeconds = 300...600
    /// The pause after the first failure; it doubles with each one, and chance adds up to as much again.
    public var firstPause = Duration.milliseconds(800)
    /// The longest pause, chance left out.
    public var longestPause = Duration.seconds(30)
    /// The longest pause that a server can ask for.
    public var longestRetryAfter = Duration.seconds(120)
    /// How long all must be well before the pauses are short again, and trouble is told as soon as it ends again.
    public var healthyAfter = Duration.seconds(120)
    /// How long a watch must go on before trouble counts as over.
    public var settling = Duration.seconds(2)
    /// A watch that ends earlier is trouble, and not resumed at once.
    public var shortestWatch = Duration.seconds(1)
    /// The longest line of a watch that is taken, in bytes.
    public var lineLimit = 64 << 20
    /// Waits; replaced in tests.
    public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Draws; replaced in tests.
    public var random: @Sendable (ClosedRange<Double>) -> Double = { Double.random(in: $0) }

    /// What client-go does.
    public init() {}
}
