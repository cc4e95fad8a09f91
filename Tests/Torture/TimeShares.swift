// SPDX-License-Identifier: Apache-2.0

/// A part of the torture that can be stopped, and then goes on where it was.
protocol ResumablePart: AnyObject {
    /// How much of the time is for it, compared with others.
    var weight: Int { get }
    var outcome: Outcome { get set }
    /// Goes on until the goal is reached or the time is up; what fails is a fault of the outcome.
    func run(until end: ContinuousClock.Instant)
}

/// Divides a time among parts that run one after the other.
///
/// Each has a share by its weight among those that are still to come, so that what a part leaves is for those behind it.
/// What is left by all of them is for those that fell short of their goals, whichever these are.
enum TimeShares {
    static func run(_ parts: [any ResumablePart], until end: ContinuousClock.Instant) -> [Outcome] {
        takeTurns(parts, until: end)
        takeTurns(parts.filter { $0.outcome.hasMore(until: end) }, until: end)
        return parts.map(\.outcome)
    }

    private static func takeTurns(_ parts: [any ResumablePart], until end: ContinuousClock.Instant) {
        for (index, part) in parts.enumerated() {
            let start = ContinuousClock.now
            let rest = parts[index...].reduce(0) { $0 + $1.weight }
            part.run(until: start + max(.zero, end - start) * (Double(part.weight) / Double(rest)))
            part.outcome.duration += .now - start
        }
    }
}
