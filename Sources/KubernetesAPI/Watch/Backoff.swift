// SPDX-License-Identifier: Apache-2.0

/// The pauses between retries: each twice as long, with jitter, and short again after a healthy time.
struct Backoff {
    let timing: ReflectorTiming
    private var next: Duration
    private var lastUse: ContinuousClock.Instant?

    init(_ timing: ReflectorTiming) {
        self.timing = timing
        next = timing.firstPause
    }

    /// The next pause: between once and twice what it would be without jitter, as in client-go.
    mutating func pause(now: ContinuousClock.Instant = .now) -> Duration {
        if let lastUse, now - lastUse > timing.healthyAfter { next = timing.firstPause }
        lastUse = now
        defer { next = min(next * 2, timing.longestPause) }
        return withJitter(next)
    }

    /// As short as the first pause, whatever came before, and no reason for longer ones.
    func shortPause() -> Duration { withJitter(timing.firstPause) }

    private func withJitter(_ pause: Duration) -> Duration { pause * (1 + timing.random(0...1)) }
}
