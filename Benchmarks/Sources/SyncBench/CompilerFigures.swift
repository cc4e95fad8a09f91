// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What CompilerBenchmarks measured, and the goals for it.
enum CompilerFigures {
    private struct Step {
        let title: String
        let benchmark: String
        /// The goal at the full size, in seconds.
        var goal: Double?
    }

    private static let steps = [
        Step(title: "objects → snapshot", benchmark: "Snapshot"),
        Step(title: "snapshot → compilation", benchmark: "Compile"),
        Step(title: "compilation → rules", benchmark: "Ruleset"),
        Step(title: "objects → rules, together", benchmark: "ObjectsToRules", goal: 0.35),
        Step(title: "rules → text", benchmark: "RulesToText", goal: 0.35),
        Step(title: "JSON → objects", benchmark: "JSONToObjects", goal: 1.5),
        Step(title: "one endpoint changed, compiled", benchmark: "OneEndpointChanged", goal: 0.005),
        Step(title: "1,000 packets through the rules", benchmark: "Evaluate"),
    ]
    private static let comparisons = [
        Step(title: "equal rules compared", benchmark: "CompareEqual", goal: 1),
        Step(title: "rules compared, filter written otherwise", benchmark: "CompareFilter", goal: 10),
    ]
    private static let comparedSize = "1000x5"
    private static let fullSize = "10000x10"
    private static let sizes = ["1000x10", fullSize]

    /// Reads the samples that `swift package benchmark baseline read --format histogramSamples` wrote.
    static func read(from directory: String) throws -> [Figure] {
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        func figure(_ step: Step, _ size: String, goal: Double?) throws -> Figure {
            let name = ".\(step.benchmark).\(size)."
            guard let file = files.first(where: { $0.contains(name) }) else {
                throw BenchError("\(directory) has no samples of \(step.benchmark).\(size)")
            }
            return Figure(
                title: "\(step.title), \(size)", unit: .seconds, ours: try samples(in: "\(directory)/\(file)"),
                goal: goal)
        }
        return try sizes.flatMap { size in
            try steps.map { try figure($0, size, goal: size == fullSize ? $0.goal : nil) }
        } + comparisons.map { try figure($0, comparedSize, goal: $0.goal) }
    }

    /// The numbers below the heading, in nanoseconds.
    private static func samples(in file: String) throws -> Samples {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        guard lines.count > 1, lines[0].contains("(ns)") else { throw BenchError("no times in nanoseconds: \(file)") }
        return Samples(lines.dropFirst().compactMap { Double($0) }.map { $0 / 1e9 })
    }
}
