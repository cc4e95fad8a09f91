import Glibc
import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import Synchronization
import XTables

/// The traffic of one family: reads what its rules show, and takes care that no change of the rules loses or doubles it.
///
/// Readings and changes do not wait for each other, but for an instant. A reading that a commit has overtaken is thrown
/// away: it may show counters that the commit was about to hand over as those of removed rules, or counters that libiptc
/// had not put back yet. Others change the tables too, and do not tell; so when a rule shows less than before, the table
/// is read once more a little later before that is believed.
final class FamilyTraffic: Sendable {
    /// Reads what the rules of a family show.
    typealias Read = @Sendable (IPFamily) throws(KernelFailure) -> TrafficReading

    /// What is known, as a value.
    struct Snapshot: Sendable {
        let family: IPFamily
        let ledger: TrafficLedger
        /// The rules in force; `nil` before there are any, and when they could not be read the last time.
        let compilation: Compilation?
        let failures: UInt64
        /// How long the last reading took, in seconds; `nil` if there was none.
        let lastDuration: Double?
        /// When it was.
        let lastTime: Timestamp?
    }

    private struct State {
        var ledger: TrafficLedger
        var compilation: Compilation?
        var isChanging = false
        /// How many tables were committed: a reading that saw another number has been overtaken.
        var commits: UInt64 = 0
        var isReadable = false
        var failures: UInt64 = 0
        var lastDuration: Double?
        var lastTime: Timestamp?
    }

    private let family: IPFamily
    private let read: Read
    private let state: Mutex<State>

    /// How long to wait for a change of the tables to end; then what was read last is told.
    private let patience: Duration
    /// How often to look whether it has, in microseconds.
    private static let pace: UInt32 = 2_000
    /// How long after a commit the kernel has all counters back, by far, in microseconds.
    private static let commitTime: UInt32 = 100_000

    init(_ family: IPFamily, retiredLimit: Int, patience: Duration = .seconds(3), read: @escaping Read) {
        self.family = family
        self.patience = patience
        self.read = read
        state = Mutex(State(ledger: TrafficLedger(retiredLimit: retiredLimit)))
    }

    /// What is known now.
    var snapshot: Snapshot {
        state.withLock { state in
            Snapshot(
                family: family, ledger: state.ledger, compilation: state.isReadable ? state.compilation : nil,
                failures: state.failures, lastDuration: state.lastDuration, lastTime: state.lastTime)
        }
    }

    // MARK: Changes

    func beginChange() { state.withLock { $0.isChanging = true } }

    func committed(_ table: Table, removed: [RuleIdentity: RuleCounters]) {
        state.withLock { state in
            state.commits += 1
            guard let compilation = state.compilation else { return }
            state.ledger.absorbRemoved(removed, from: table, of: compilation)
        }
    }

    func endChange() { state.withLock { $0.isChanging = false } }

    func rulesAreInForce(_ compilation: Compilation) {
        state.withLock { state in
            state.compilation = compilation
            state.ledger.forgetSurplus(of: compilation)
        }
    }

    // MARK: Readings

    /// Reads what the rules show now, which takes a while.
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
            // A change in progress that has not committed yet may still come to commit what it has read before us.
            guard quietTime(until: deadline) == commits else { continue }
            let doubtful = state.withLock { state -> Int? in
                guard !state.isChanging, state.commits == commits, let compilation = state.compilation else {
                    return nil
                }
                state.lastDuration = duration
                state.lastTime = .now
                state.isReadable = true
                return state.ledger.absorb(reading, of: compilation, doubting: doubting)
            }
            guard let doubtful else { continue }
            guard doubting, doubtful > 0 else { return }
            doubting = false
            usleep(Self.commitTime)
            // However long the first reading took: a doubt that nobody clears would come back with each scrape, until the
            // rule has counted as much as before, and what it had counted until then was never told.
            deadline = clock.now + patience
        }
    }

    /// Waits until no change is in progress, and tells how many commits there have been; `nil` if there are no rules, or
    /// if it takes too long.
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
