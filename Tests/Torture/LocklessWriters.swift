// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport

/// `run`, whose manifests change all the time, and a process that writes to the same table without the lock.
///
/// While both write, each change of ours repairs what the one before lost. After each burst a single change of ours is
/// overwritten, so that nothing but the sync period can bring it back.
struct LocklessWriters {
    private static let syncPeriod = 1.0
    /// What a busy machine adds: the slower it compares rules, the less often it does (Proxy/CheckPace).
    private let slack: Double
    /// How many commits of theirs make a burst, before the one that is certain to overwrite ours.
    private let burstLength: Int
    private let namespace: NetworkNamespace
    private let states: TwoStates
    private let expected: [SavedTables]
    private let seed: UInt64

    init(_ plan: Plan) throws {
        seed = plan.seed
        burstLength = plan.isQuick ? 19 : 99
        // In `make test` programs are debug builds, among other tests.
        slack = plan.isQuick ? 30 : 4
        namespace = try NetworkNamespace()
        states = try TwoStates()
        let (namespace, states) = (namespace, states)
        expected = try TwoStates.State.allCases.map { state in
            try states.apply(state, in: namespace)
            return try SavedTables(namespace).ours
        }
    }

    func run(until end: ContinuousClock.Instant, _ outcome: inout Outcome) throws {
        let program = try namespace.start(
            states.runCommand(in: namespace, minimumPeriod: "10ms", period: "\(Int(Self.syncPeriod))s"))
        defer {
            program.signal(SIGKILL)
            _ = try? program.wait()
        }
        try program.waitForErrors(containing: "start: IPv6", limit: .seconds(30))
        var figures = Figures()
        var state = TwoStates.State.first
        var bursts = 0
        while outcome.faults.isEmpty, outcome.hasMore(until: end) {
            bursts += 1
            do {
                state = try disturb(bursts, from: state, &figures)
                try awaitQuiet(program)
                try awaitSync(with: state, "after burst \(bursts)")
                state = try overwrite(bursts, from: state, program, &figures)
            } catch let shortfall as Shortfall {
                outcome.fault("burst \(bursts): \(shortfall.text)\n\(program.errors.suffix(3000))")
            }
            outcome.tried = figures.commits
        }
        outcome.notes = figures.notes
    }

    /// Both write, as often as they can.
    private func disturb(_ burst: Int, from state: TwoStates.State, _ figures: inout Figures) throws -> TwoStates.State
    {
        let writer = try startWriter(burst, commits: burstLength, .sometimes)
        let shown = try Flips(states: states, state: state).run(while: writer)
        _ = try finish(writer, &figures)
        return shown
    }

    /// One change of ours, which is overwritten; it must come back and be reported.
    private func overwrite(
        _ burst: Int, from state: TwoStates.State, _ program: BackgroundProcess, _ figures: inout Figures
    ) throws -> TwoStates.State {
        let reportsBefore = Self.driftReports(program.errors)
        let writer = try startWriter(burst, commits: 1, .always)
        _ = try writer.waitForOutput(after: LocklessWriter.readLine)
        try states.show(state.other)
        guard try finish(writer, &figures).overwrote > 0 else { return state.other }
        figures.losses += 1
        let start = ContinuousClock.now
        try awaitSync(with: state.other, "after it was overwritten")
        figures.longest = max(figures.longest, .now - start)
        let repair = ContinuousClock.now - start
        let limit = ContinuousClock.now + .seconds(slack)
        while Self.driftReports(program.errors) == reportsBefore {
            if ContinuousClock.now > limit {
                // A commit takes two calls (see LocklessWriter). One that is overwritten between them fails, and is repeated at
                // once: the line about the change itself is the report then.
                guard repair < .seconds(Self.syncPeriod / 2) else {
                    throw Shortfall(text: "repaired without a line in the log")
                }
                figures.repeated += 1
                break
            }
            usleep(20_000)
        }
        return state.other
    }

    private func startWriter(_ burst: Int, commits: Int, _ waits: LocklessWriter.Waits) throws -> BackgroundProcess {
        try namespace.start([
            Repository.products.appending(path: "torture").path, LocklessWriter.command, "\(seed &+ UInt64(burst))",
            "\(commits)", waits.rawValue,
        ])
    }

    private func finish(_ writer: BackgroundProcess, _ figures: inout Figures) throws -> LocklessWriter.Counts {
        let status = try writer.wait()
        guard status == 0, let counts = LocklessWriter.Counts(writer.output) else {
            throw Shortfall(text: "the foreign writer ended with \(status): \(writer.output) \(writer.errors)")
        }
        figures.add(counts)
        return counts
    }

    /// Waits until the program has done what it still had to do with the changes of a burst, which shows in its log.
    private func awaitQuiet(_ program: BackgroundProcess) throws {
        let limit = ContinuousClock.now + .seconds(Self.longestUnrest)
        var log = ""
        while log != program.errors {
            guard ContinuousClock.now < limit else {
                throw Shortfall(text: "still busy after \(Self.longestUnrest) s without a change")
            }
            log = program.errors
            usleep(Self.quietMicroseconds)
        }
    }

    private static let longestUnrest = 30.0
    private static let quietMicroseconds: UInt32 = 600_000

    /// Waits until the rules are those of a state, as long as a repair may take.
    private func awaitSync(with state: TwoStates.State, _ when: String) throws {
        let limit = ContinuousClock.now + .seconds(Self.syncPeriod + slack)
        var found = try SavedTables(namespace).ours
        while found != expected[state.rawValue] {
            guard ContinuousClock.now < limit else {
                let difference = found.mixed([expected[state.rawValue]]).joined(separator: "\n")
                throw Shortfall(text: "\(when) not in sync within \(Self.syncPeriod + slack) s: \(difference)")
            }
            usleep(20_000)
            found = try SavedTables(namespace).ours
        }
    }

    /// How often the log reports drift: what is repaired again and again is not described each time, but counted.
    private static func driftReports(_ log: String) -> Int { log.components(separatedBy: "drift repaired").count }

    private struct Shortfall: Error {
        let text: String
    }

    private struct Figures {
        var commits = 0
        var overwrote = 0
        var refused = 0
        /// Changes that were overwritten when no other followed.
        var losses = 0
        /// Those of them that our own commit noticed.
        var repeated = 0
        var longest = Duration.zero

        mutating func add(_ counts: LocklessWriter.Counts) {
            commits += counts.rounds
            overwrote += counts.overwrote
            refused += counts.refused
        }

        var notes: [String] {
            let seconds = String(format: "%.1f", longest / .seconds(1))
            return [
                "\(overwrote) overwrote a change of ours",
                "\(losses - repeated) of them repaired by the sync period alone, \(repeated) by repeating the commit",
                "longest repair \(seconds) s of \(Int(syncPeriod))", "\(refused) refused by the kernel",
            ]
        }
    }
}

/// Shows both states in turn while a process runs.
private struct Flips {
    let states: TwoStates
    var state: TwoStates.State
    private static let pause: UInt32 = 40_000

    /// The state that was shown last.
    func run(while writer: BackgroundProcess) throws -> TwoStates.State {
        var shown = state
        while !writer.hasEnded {
            shown = shown.other
            try states.show(shown)
            usleep(Self.pause)
        }
        return shown
    }
}

extension BackgroundProcess {
    /// Whether it has ended, though nobody has waited for it yet.
    fileprivate var hasEnded: Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8) else { return true }
        return status.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}
