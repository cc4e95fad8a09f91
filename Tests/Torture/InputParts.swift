// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Mutated inputs, one kind after the other.
enum InputParts {
    struct Goal {
        let name: String
        let what: String
        /// How many inputs in ten minutes; a million in all.
        let count: Int
    }

    private static let goals = [
        Goal(name: "yaml", what: "manifests as YAML", count: 220_000),
        Goal(name: "json", what: "manifests as JSON", count: 150_000),
        Goal(name: "configuration", what: "configuration files", count: 100_000),
        Goal(name: "kubeconfig", what: "kubeconfig files", count: 80_000),
        Goal(name: "list", what: "lists of an API server", count: 120_000),
        Goal(name: "watch", what: "watches of an API server", count: 100_000),
        Goal(name: "save", what: "iptables-save text", count: 100_000),
        Goal(name: "entry", what: "entries of the kernel", count: 100_000),
        Goal(name: "table", what: "tables of the kernel", count: 30_000),
    ]
    static let names = goals.map(\.name)

    static func run(_ plan: Plan) -> [Outcome] {
        TimeShares.run(goals.filter { plan.has($0.name) }.map { InputTries(plan, $0) }, until: plan.end)
    }
}

/// Inputs of one kind: starts `torture-inputs`, and starts it again with another seed where an input ended it, or where
/// there is more time than it was given.
private final class InputTries: ResumablePart {
    /// How often an input may end the program in a turn.
    private static let restartLimit = 5
    /// The seconds that the program has at least.
    private static let shortest = 1.0

    let weight: Int
    var outcome: Outcome
    private let name: String
    private let plan: Plan
    private let program: String
    private var seed: UInt64
    private var total: InputRun

    init(_ plan: Plan, _ goal: InputParts.Goal) {
        weight = goal.count
        outcome = Outcome(part: goal.name, what: goal.what, goal: plan.goal(goal.count))
        name = goal.name
        self.plan = plan
        program = plan.inputsProgram ?? Repository.products.appending(path: "torture-inputs").path
        seed = plan.seed
        total = InputRun(part: name, seed: seed)
    }

    func run(until end: ContinuousClock.Instant) {
        do {
            for _ in 0..<Self.restartLimit where outcome.hasMore(until: end) {
                let isDone = try start(until: end)
                // The same seed again would try the same inputs again.
                seed += 1
                if isDone { break }
            }
        } catch {
            outcome.fault("\(error)")
        }
        outcome.notes = total.notes
    }

    /// Runs the program once; answers whether no input ended it.
    private func start(until end: ContinuousClock.Instant) throws -> Bool {
        let seconds = max(Self.shortest, (end - .now) / .seconds(1))
        let count = outcome.goal == Plan.anyNumber ? Int.max : outcome.goal - outcome.tried
        let result = try Subprocess.run(
            [
                program, "--part", name, "--seed", "\(seed)", "--count", "\(count)", "--seconds", "\(seconds)",
                "--fixtures", Repository.fixtures.path, "--failures", plan.failures,
            ],
            environment: ["SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no"])
        guard
            let run = result.output.split(separator: "\n").last.flatMap({
                try? JSONDecoder().decode(InputRun.self, from: Data($0.utf8))
            })
        else {
            outcome.tried += keepInput(of: result)
            return false
        }
        outcome.tried += run.tried
        for finding in run.findings {
            outcome.fault("seed \(seed), input \(finding.number): \(finding.reason): \(finding.file)")
        }
        total.add(run)
        return true
    }

    /// Keeps the input that ended the program; gives back its number.
    private func keepInput(of result: ProcessResult) -> Int {
        let current = "\(plan.failures)/\(name)-\(seed).current"
        let bytes = FileManager.default.contents(atPath: current) ?? Data()
        guard bytes.count >= 16 else {
            outcome.fault("seed \(seed): torture-inputs ended with \(result.status): \(result.errors.suffix(2000))")
            return 0
        }
        let numbers = bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: Int.self), $0.loadUnaligned(fromByteOffset: 8, as: Int.self))
        }
        let file = "\(plan.failures)/\(name)-\(seed)-\(numbers.0).input"
        try? bytes.dropFirst(16).prefix(numbers.1).write(to: URL(filePath: file))
        try? FileManager.default.removeItem(atPath: current)
        let hang = result.output.split(separator: "\n").first { $0.hasPrefix("hang ") }
        let reason =
            hang.map { String($0) }
            ?? "crash (status \(result.status)): \(result.errors.split(separator: "\n").first ?? "")"
        outcome.fault("seed \(seed), input \(numbers.0): \(reason): \(file)")
        return numbers.0
    }
}

extension InputRun {
    fileprivate mutating func add(_ other: InputRun) {
        accepted += other.accepted
        found += other.found
        kept += other.kept
        edges = max(edges, other.edges)
        coveredEdges = max(coveredEdges, other.coveredEdges)
        slowestMilliseconds = max(slowestMilliseconds, other.slowestMilliseconds)
        peakKilobytes = max(peakKilobytes, other.peakKilobytes)
    }

    fileprivate var notes: [String] {
        let guide = edges > 0 ? ["\(coveredEdges) of \(edges) edges"] : []
        return guide + (found > 0 ? ["\(found) such inputs"] : []) + [
            "\(accepted) accepted", "\(kept) kept as origins",
            "slowest \(Int(slowestMilliseconds.rounded(.up))) ms",
            "\(peakKilobytes >> 10) MB",
        ]
    }
}
