// SPDX-License-Identifier: Apache-2.0

/// Runs of kubetables and of what it is compared with.
struct Pair {
    var ours: [FinishedProcess] = []
    var theirs: [FinishedProcess] = []
    /// For how many things one of our runs is, if the time for each of them is to be compared.
    var oursCount = 1
    /// The same for the other runs.
    var theirsCount = 1

    mutating func append(_ process: FinishedProcess, isOurs: Bool) {
        if isOurs { ours.append(process) } else { theirs.append(process) }
    }

    private static let phases = ["encode", "read", "difference", "edit", "commit", "other"]

    /// Compares the times that the programs measured themselves or, if they did not, from start to end.
    func figure(_ title: String, reference: String, goal: Double?) -> Figure {
        Figure(
            title: title, unit: .seconds, ours: Self.times(ours, count: oursCount),
            reference: (reference, Self.times(theirs, count: theirsCount)), goal: goal, details: details)
    }

    private static func times(_ runs: [FinishedProcess], count: Int) -> Samples {
        Samples(runs.map { ($0.numbers["total"] ?? $0.duration) / Double(count) })
    }

    /// The phases of the fastest run, not divided.
    private var details: String? {
        let best = ours.map(\.numbers).min { $0["total", default: 0] < $1["total", default: 0] } ?? [:]
        return Self.phases.compactMap { phase in best[phase].map { "\(phase) \(Report.text($0, .seconds))" } }
            .joined(separator: ", ")
    }
}
