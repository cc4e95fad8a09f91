// SPDX-License-Identifier: Apache-2.0

/// How many lines may still be written in the current minute.
struct LineBudget {
    static let limit = 100
    private static let period = Duration.seconds(60)

    private var periodStart: ContinuousClock.Instant?
    private var taken = 0

    /// Asks for a line.
    ///
    /// - Returns: whether it may be written, and how many were not in the period that is over now.
    mutating func take(now: ContinuousClock.Instant) -> (isAllowed: Bool, suppressed: Int) {
        var suppressed = 0
        if let periodStart, now - periodStart < Self.period {
            taken += 1
        } else {
            suppressed = max(0, taken - Self.limit)
            (periodStart, taken) = (now, 1)
        }
        return (taken <= Self.limit, suppressed)
    }
}
