// SPDX-License-Identifier: Apache-2.0

/// What a part tried and found.
struct Outcome: Sendable {
    let part: String
    /// What was tried, in a word or two.
    let what: String
    var tried = 0
    let goal: Int
    /// What fell short; empty if all was as it must be.
    var faults: [String] = []
    /// Figures worth knowing.
    var notes: [String] = []
    /// How long it took, waits for its processor included; zero if it always takes all of its time.
    var duration = Duration.zero

    var isGood: Bool { tried >= goal && faults.isEmpty }

    /// Whether there is time and reason for another try; there is always a first one.
    func hasMore(until end: ContinuousClock.Instant) -> Bool {
        guard tried > 0 else { return faults.isEmpty }
        let isReached = tried >= goal && goal > Plan.anyNumber
        return !isReached && faults.count < Self.enoughFaults && ContinuousClock.now < end
    }

    /// So many faults of one part are enough to look into.
    private static let enoughFaults = 5

    /// Adds what was found; the same over and over again only fills the table.
    mutating func fault(_ text: String) {
        if faults.count < Self.faultLimit { faults.append(text) } else { surplus += 1 }
    }

    fileprivate var durationNotes: [String] {
        duration == .zero ? [] : ["\(Int((duration / .seconds(1)).rounded())) s"]
    }

    /// The number of faults that were left out.
    private(set) var surplus = 0
    private static let faultLimit = 20
}

/// The outcomes as a table, and below it what was found.
struct OutcomeTable {
    let outcomes: [Outcome]

    var isGood: Bool { !outcomes.isEmpty && outcomes.allSatisfy(\.isGood) }

    var text: String {
        let head = ["part", "tried", "goal", "found", "figures"]
        let rows = outcomes.map { outcome in
            let found = outcome.faults.count + outcome.surplus
            return [
                "\(outcome.part): \(outcome.what)", "\(outcome.tried)", "\(outcome.goal)", "\(found)",
                (outcome.notes + outcome.durationNotes).joined(separator: ", "),
            ]
        }
        let widths = head.indices.dropLast().map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        var lines = ([head] + rows).map { row in
            zip(row, widths).enumerated().map { index, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "  ") + "  " + row[head.count - 1]
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        for outcome in outcomes where !outcome.isGood {
            if outcome.tried < outcome.goal { lines.append("\(outcome.part): fell short of its goal") }
            lines += outcome.faults.map { "\(outcome.part): \($0)" }
        }
        lines.append(isGood ? "torture: every goal was reached" : "torture: FAILED")
        return lines.joined(separator: "\n")
    }
}
