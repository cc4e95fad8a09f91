// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import Synchronization
import XTables

/// The traffic of one family: reads the counters of its rules so that no change of the rules loses or doubles traffic.
///
/// Readings and changes wait for each other for an instant only. A reading that a commit has overtaken is dropped: it may
/// hold counters that the commit also hands over as those of removed rules, or counters that libiptc had not restored yet.
/// Other processes change the tables without notice; so when a rule's counters are lower than before, the table is read
/// once more a little later before they are accepted.
final class FamilyTraffic: Sendable {
    /// Reads the counters of a family's rules.
    typealias Read = @Sendable (IPFamily) throws(KernelFailure) -> TrafficReading

    /// The state at one moment.
    struct Snapshot: Sendable {
        let family: IPFamily
        let ledger: TrafficLedger
        let rates: TrafficRates
        /// The rules in force; `nil` before there are any, and when the last reading failed.
        let compilation: Compilation?
        let failures: UInt64
        /// The duration of the last reading, in seconds; `nil` if there was none.
        let lastDuration: Double?
        /// The time of the last reading.
        let lastTime: Timestamp?
        /// The readings of the last minute; `nil` unless a client measures.
        let window: TrafficWindow?
    }

    private struct State {
        var ledger: TrafficLedger
        var rates = TrafficRates()
        var compilation: Compilation?
        var isChanging = false
        /// The number of commits: a reading during which it changed has been overtaken.
        var commits: UInt64 = 0
        var isReadable = false
        var failures: UInt64 = 0
        var lastDuration: Double?
        var lastTime: Timestamp?
        /// When the last reading began, and the number of commits before it.
        var lastReading: (instant: ContinuousClock.Instant, commits: UInt64)?
        var window: TrafficWindow?
        var windowEnd = ContinuousClock.now

        /// The last reading, if a rate since then is one of now: it is not long ago, and the rules are still the same.
        var recentReading: ContinuousClock.Instant? {
            guard isReadable, let lastReading, lastReading.commits == commits,
                .now - lastReading.instant <= FamilyTraffic.recentTime
            else { return nil }
            return lastReading.instant
        }
    }

    private let family: IPFamily
    private let read: Read
    private let state: Mutex<State>

    /// How long to wait for a change of the tables to end; then the last reading is served.
    private let patience: Duration
    /// How often to check whether it has ended, in microseconds.
    private static let pace: UInt32 = 2_000
    /// Much longer than a commit takes to restore the counters, in microseconds.
    private static let commitTime: UInt32 = 100_000

    init(_ family: IPFamily, retiredLimit: Int, patience: Duration = .seconds(3), read: @escaping Read) {
        self.family = family
        self.patience = patience
        self.read = read
        state = Mutex(State(ledger: TrafficLedger(retiredLimit: retiredLimit)))
    }

    var snapshot: Snapshot {
        state.withLock { state in
            Snapshot(
                family: family, ledger: state.ledger, rates: state.rates,
                compilation: state.isReadable ? state.compilation : nil, failures: state.failures,
                lastDuration: state.lastDuration, lastTime: state.lastTime, window: state.window)
        }
    }

    /// Keeps the readings of the last minute for as long as this is called again within ``windowTime``; a recent one is the first
    /// of them, so that the next one gives rates.
    ///
    /// - Returns: whether they were not kept before.
    func keepWindow() -> Bool {
        state.withLock { state in
            state.windowEnd = .now + Self.windowTime
            guard state.window == nil else { return false }
            var window = TrafficWindow()
            if let instant = state.recentReading { window.note(state.ledger, at: instant) }
            state.window = window
            return true
        }
    }

    /// Forgets the readings of the last minute unless a client measures.
    ///
    /// - Returns: whether they are still kept.
    func dropWindow() -> Bool {
        state.withLock { state in
            if state.windowEnd <= .now { state.window = nil }
            return state.window != nil
        }
    }

    /// Whether there are rates.
    var isMeasured: Bool { state.withLock { $0.window?.intervalSeconds != nil } }

    /// How old a reading may be that a rate of now begins with.
    private static let recentTime = Duration.seconds(10)

    /// How long readings are kept after a client has measured; much longer than it waits between two measurements.
    static let windowTime = Duration.seconds(60)

    // MARK: Changes

    func beginChange() { state.withLock { $0.isChanging = true } }

    func committed(_ table: Table, removed: [CounterKey: RuleCounters]) {
        state.withLock { state in
            state.commits += 1
            guard let compilation = state.compilation else { return }
            state.ledger.absorbRemoved(removed, from: table, of: compilation)
        }
    }

    func endChange() { state.withLock { $0.isChanging = false } }

    func rulesAreInForce(_ compilation: Compilation) {
        state.withLock { state in
            state.window?.note(compilation, after: state.compilation)
            state.compilation = compilation
            state.ledger.forgetSurplus(of: compilation)
        }
    }

    // MARK: Readings

    /// Reads the counters of the rules; blocks.
    func refresh() {
        let clock = ContinuousClock()
        var deadline = clock.now + patience
        var doubting = true
        while clock.now < deadline, let commits = quietTime(until: deadline) {
            let start = clock.now
            let reading: TrafficReading
            do throws(KernelFailure) {
                reading = try read(family)
            } catch {
                return state.withLock { state in
                    state.failures += 1
                    state.isReadable = false
                }
            }
            let duration = (clock.now - start) / .seconds(1)
            // A change in progress may still commit what it read before this reading.
            guard quietTime(until: deadline) == commits else { continue }
            let doubtful = state.withLock { state -> Int? in
                guard !state.isChanging, state.commits == commits, let compilation = state.compilation else {
                    return nil
                }
                state.lastDuration = duration
                state.lastReading = (start, commits)
                state.lastTime = .now
                state.isReadable = true
                let doubtful = state.ledger.absorb(reading, of: compilation, doubting: doubting)
                state.rates.note(state.ledger, at: start)
                state.window?.note(state.ledger, at: start)
                return doubtful
            }
            guard let doubtful else { continue }
            guard doubting, doubtful > 0 else { return }
            doubting = false
            usleep(Self.commitTime)
            // However long the first reading took: a doubt that stays open would come back with each scrape, until the rule
            // has counted as much as before, and what it counts until then would never be served.
            deadline = clock.now + patience
        }
    }

    /// Waits until no change is in progress.
    ///
    /// - Returns: the number of commits so far; `nil` if there are no rules, or if it takes too long.
    private func quietTime(until deadline: ContinuousClock.Instant) -> UInt64? {
        while true {
            let (isQuiet, commits) = state.withLock { state in
                (state.compilation.map { _ in !state.isChanging }, state.commits)
            }
            guard let isQuiet else { return nil }
            if isQuiet { return commits }
            guard ContinuousClock.now < deadline else { return nil }
            usleep(Self.pace)
        }
    }
}
