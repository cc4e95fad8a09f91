// SPDX-License-Identifier: Apache-2.0

/// Measurements of one thing, in one unit.
struct Samples {
    private let sorted: [Double]

    /// - Precondition: there is at least one.
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "nothing was measured")
        sorted = values.sorted()
    }

    /// What it takes when nothing interferes.
    var minimum: Double { sorted[0] }
    var median: Double { sorted[sorted.count / 2] }
    var count: Int { sorted.count }
}

/// What was measured, what it is compared with, and what is to be reached.
struct Figure {
    enum Unit {
        case seconds
        case bytes
        case entries
    }

    enum Verdict: String {
        case none = ""
        case reached = "reached"
        /// Above the goal, by no more than measurements here vary.
        case withinNoise = "within noise"
        case missed = "MISSED"
    }

    let title: String
    let unit: Unit
    let ours: Samples
    /// What somebody else needs, and who; without it ``goal`` is in units, with it a ratio.
    var reference: (name: String, samples: Samples)?
    /// The most that is allowed, if there is a goal.
    var goal: Double?
    /// Where our time went, if that was measured.
    var details: String?

    /// How far above its goal a figure may be before it counts as missed.
    ///
    /// Times on shared machines vary by 30 %, less where both sides of a ratio run side by side; memory hardly does.
    var allowance: Double {
        switch unit {
        case .bytes: 0.05
        case .entries: 0
        case .seconds: reference == nil ? 0.3 : 0.15
        }
    }

    /// What the goal limits; minima are compared, because noise only ever adds.
    var value: Double { ours.minimum / (reference?.samples.minimum ?? 1) }

    var verdict: Verdict {
        guard let goal else { return .none }
        if value <= goal { return .reached }
        return value <= goal * (1 + allowance) ? .withinNoise : .missed
    }
}
