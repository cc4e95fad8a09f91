// SPDX-License-Identifier: Apache-2.0

/// How often whole tables may be read only to find that nothing has changed.
///
/// The outline of the tables (``TableStamp``) is compared every period, for next to nothing. It does not show a rule that
/// was replaced by one of the same size, so now and then all rules are compared; of a large table that takes a second, and
/// a node has better things to do. So this happens as often as it takes less than ``share`` of the time of one core.
struct CheckPace: Sendable {
    /// The share of one core that comparing may take.
    static let share = 0.004

    private var nextComparison: ContinuousClock.Instant?
    private var lastDuration: Duration?

    /// Whether it is time to compare all rules.
    func isDue(at now: ContinuousClock.Instant) -> Bool { nextComparison.map { $0 <= now } ?? true }

    /// All rules have been compared, be it for a check or for a change.
    ///
    /// The shorter one of two times in a row counts: once is often because the processor was busy.
    ///
    /// - Parameter duration: how long that took, without what was changed then.
    mutating func compared(at now: ContinuousClock.Instant, taking duration: Duration) {
        nextComparison = now + min(duration, lastDuration ?? duration) / Self.share
        lastDuration = duration
    }
}
