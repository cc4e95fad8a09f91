// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Mutated inputs: starts `torture-inputs` for each part, one after the other, and starts it again with another seed where
/// an input ended it.
struct InputParts {
    private struct Goal {
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
    private static let restartLimit = 5
    /// The seconds that a part has at least.
    private static let shortest = 1.0

    private let plan: Plan
    private let program: String

    init(_ plan: Plan) {
        self.plan = plan
        program = plan.inputsProgram ?? Repository.products.appending(path: "torture-inputs").path
    }

    func run() -> [Outcome] {
        let end = ContinuousClock.now + .seconds(plan.seconds)
        let chosen = Self.goals.filter { plan.has($0.name) }
        var outcomes: [Outcome] = []
        for (index, part) in chosen.enumerated() {
            var outcome = Outcome(part: part.name, what: part.what, goal: plan.goal(part.count))
            // In proportion to what is still to be done; what a part leaves over is for those after it.
            let rest = chosen[index...].reduce(0) { $0 + $1.count }
            let share = (end - .now) * (Double(part.count) / Double(rest))
            do {
                try run(part.name, until: .now + share, &outcome)
            } catch {
                outcome.fault("\(error)")
            }
            outcomes.append(outcome)
        }
        return outcomes
    }

    private func run(_ name: String, until end: ContinuousClock.Instant, _ outcome: inout Outcome) throws {
        var seed = plan.seed
        var total = InputRun(part: name, seed: seed)
        for _ in 0..<Self.restartLimit {
            guard outcome.hasMore(until: end) else { break }
            let seconds = max(Self.shortest, (end - .now) / .seconds(1))
            let count = outcome.goal == Plan.anyNumber ? Int.max : outcome.goal - outcome.tried
            let result = try Subprocess.run(
                [
                    program, "--part", name, "--seed", "\(seed)", "--count", "\(count)", "--seconds", "\(seconds)",
                    "--fixtures", Repository.fixtures.path, "--failures", plan.failures,
                ],
                environment: ["SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no"])
            if let run = result.output.split(separator: "\n").last.flatMap({
                try? JSONDecoder().decode(InputRun.self, from: Data($0.utf8))
            }) {
                outcome.tried += run.tried
                for finding in run.findings {
                    outcome.fault("seed \(seed), input \(finding.number): \(finding.reason): \(finding.file)")
                }
                total.add(run)
                break
            }
            outcome.tried += crash(name, seed, result, &outcome)
            seed += 1
        }
        outcome.notes = total.notes
    }

    /// Keeps the input that ended the program; gives back its number.
    private func crash(_ name: String, _ seed: UInt64, _ result: ProcessResult, _ outcome: inout Outcome) -> Int {
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
