// SPDX-License-Identifier: Apache-2.0

/// When a family's tables are read and written: a value, so that time can be tested without waiting.
///
/// Design goals, as kube-proxy's bounded frequency runner has them:
/// - the first change after a quiet time takes effect at once;
/// - changes that follow are collected, and take effect together when ``minimumPeriod`` has passed since the *end* of the last
///   run, so that slow runs do not follow each other without a pause;
/// - an urgent change waits only for as long as the last run took, so that runs take at most half of the time however many
///   urgent changes there are;
/// - what failed is tried again after ``period``, or with the next change; if the lock was busy, which seldom lasts, after
///   1, 2, 4 … seconds up to that;
/// - the tables are checked every ``period``, whether or not anything changed.
struct SyncSchedule: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What to do next.
    enum Step: Equatable {
        /// Nothing, until then or until something changes.
        case wait(until: Instant)
        /// Synchronize the tables with what changed.
        case synchronize
        /// Check whether the tables still are as they were left.
        case check
    }

    /// How a run has ended.
    enum Outcome: Equatable {
        case succeeded
        case failed
        /// The lock was not free in time.
        case lockBusy
    }

    /// The shortest time from the end of one run to the beginning of the next.
    var minimumPeriod: Duration
    /// The time after which the tables are checked, and what failed is tried again.
    var period: Duration

    private var lastEnd: Instant?
    private var lastCheck: Instant?
    private var hasChange = false
    private var hasUrgentChange = false
    private var lastBeginning: Instant?
    /// How long the last run took.
    private var lastDuration = Duration.zero
    private var lastOutcome = Outcome.succeeded
    /// How many runs in a row have not got the lock.
    private var busyRuns = 0

    init(minimumPeriod: Duration, period: Duration) {
        self.minimumPeriod = minimumPeriod
        self.period = period
    }

    /// Something changed that the rules depend on.
    ///
    /// - Parameter isUrgent: whether ``minimumPeriod`` is too long to wait.
    mutating func change(isUrgent: Bool = false) {
        hasChange = true
        hasUrgentChange = hasUrgentChange || isUrgent
    }

    /// A run begins: it takes all changes so far.
    mutating func begin(at now: Instant? = nil) {
        hasChange = false
        hasUrgentChange = false
        lastBeginning = now
    }

    /// A run has ended.
    mutating func end(at now: Instant, _ outcome: Outcome) {
        lastEnd = now
        lastDuration = lastBeginning.map { $0.duration(to: now) } ?? .zero
        lastOutcome = outcome
        busyRuns = outcome == .lockBusy ? busyRuns + 1 : 0
    }

    /// The time from the end of the last run to the next one, if nothing changes.
    var retryDelay: Duration {
        guard lastOutcome == .lockBusy else { return period }
        return min(Self.firstBusyDelay * (1 << min(busyRuns - 1, Self.mostDoublings)), period)
    }

    private static let firstBusyDelay = Duration.seconds(1)
    /// More than any period needs: 2^20 seconds are twelve days.
    private static let mostDoublings = 20

    /// A check has found the tables as they were left; a change that comes now need not wait for it.
    mutating func checked(at now: Instant) { lastCheck = now }

    func next(at now: Instant) -> Step {
        guard let lastEnd else { return hasChange ? .synchronize : .wait(until: now + period) }
        if hasChange {
            let due = lastEnd + (hasUrgentChange ? min(minimumPeriod, lastDuration) : minimumPeriod)
            return due <= now ? .synchronize : .wait(until: due)
        }
        let due = max(lastEnd, lastCheck ?? lastEnd) + retryDelay
        guard due <= now else { return .wait(until: due) }
        return lastOutcome == .succeeded ? .check : .synchronize
    }
}
