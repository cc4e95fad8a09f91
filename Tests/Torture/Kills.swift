// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport

/// SIGKILLs at random moments of `apply` and `run`: each table holds the rules before or after, the lock is free, and the
/// next run brings the tables in sync.
final class Kills: ResumablePart {
    static let name = "kills"
    /// Kills of each command in ten minutes.
    private static let goal = 500

    let weight = 1
    var outcome: Outcome
    private let command: String
    private let seed: UInt64
    private var rounds: KillRounds?

    private init(_ plan: Plan, command: String) {
        self.command = command
        seed = plan.seed
        outcome = Outcome(part: Self.name, what: "SIGKILL of \(command)", goal: plan.goal(Self.goal))
    }

    static func run(_ plan: Plan) -> [Outcome] {
        TimeShares.run(["apply", "run"].map { Kills(plan, command: $0) }, until: plan.end)
    }

    func run(until end: ContinuousClock.Instant) {
        do {
            var rounds = try self.rounds ?? KillRounds(command: command, seed: seed)
            defer { self.rounds = rounds }
            try rounds.run(until: end, &outcome)
        } catch {
            outcome.fault("\(error)")
        }
    }
}

private struct KillRounds {
    private let command: String
    private let namespace: NetworkNamespace
    private let states: TwoStates
    private var expected: [SavedTables] = []
    private var generator: SeededGenerator
    /// How long the command takes when it is left alone.
    private var duration = Duration.zero
    private var state = TwoStates.State.second
    private var finished = 0
    private var changed = 0

    init(command: String, seed: UInt64) throws {
        self.command = command
        namespace = try NetworkNamespace()
        states = try TwoStates()
        generator = SeededGenerator(seed: seed)
        // To the second state, back and there again: what stays behind of the other is in neither.
        for state in [TwoStates.State.first, .second] { try states.apply(state, in: namespace) }
        expected = try TwoStates.State.allCases.map { state in
            let start = ContinuousClock.now
            try states.apply(state, in: namespace)
            duration = .now - start
            return try SavedTables(namespace)
        }
    }

    mutating func run(until end: ContinuousClock.Instant, _ outcome: inout Outcome) throws {
        while outcome.hasMore(until: end) {
            try round(from: state, to: state.other, &outcome)
            state = state.other
            outcome.tried += 1
        }
        outcome.notes = ["\(changed) after a commit", "\(finished) had ended"]
    }

    private mutating func round(
        from old: TwoStates.State, to new: TwoStates.State, _ outcome: inout Outcome
    ) throws {
        let program = try namespace.start(
            command == "apply"
                ? states.applyCommand(new, in: namespace)
                : states.runCommand(in: namespace, minimumPeriod: "0s", period: "200ms"))
        var pause = duration * Double.random(in: 0...1.2, using: &generator)
        if command == "run" {
            // The other state comes while it is at work with the first.
            let delay = duration * Double.random(in: 0...1.5, using: &generator)
            usleep(UInt32(delay / .microseconds(1)))
            try states.show(new)
            pause = duration * Double.random(in: 0...0.8, using: &generator)
        }
        usleep(UInt32(pause / .microseconds(1)))
        program.signal(SIGKILL)
        if try program.wait() == 0 { finished += 1 }

        let found = try SavedTables(namespace)
        let place = "round \(outcome.tried)"
        for difference in found.mixed(expected) { outcome.fault("\(place): a mixed table: \(difference)") }
        if found != expected[old.rawValue] { changed += 1 }
        if !isLockFree { outcome.fault("\(place): the lock is still held") }
        try states.apply(new, in: namespace)
        for difference in try SavedTables(namespace).mixed([expected[new.rawValue]]) {
            outcome.fault("\(place): not in sync after the next run: \(difference)")
        }
    }

    private var isLockFree: Bool {
        let descriptor = open(namespace.lockPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }
}
