// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import torture

@Suite("Shares of time") struct TimeSharesTests {
    /// Makes a try each time so much of its time has passed, and one in any case.
    private final class Part: ResumablePart {
        let weight: Int
        var outcome: Outcome
        private let seconds: Double
        /// The seconds that each of its turns had at most.
        private(set) var turns: [Double] = []

        init(_ name: String, weight: Int, goal: Int, each seconds: Double) {
            self.weight = weight
            self.seconds = seconds
            outcome = Outcome(part: name, what: name, goal: goal)
        }

        func run(until end: ContinuousClock.Instant) {
            let time = (end - .now) / .seconds(1)
            turns.append(time)
            let tries = min(outcome.goal - outcome.tried, max(1, Int(time / seconds)))
            usleep(UInt32(Double(tries) * seconds * 1e6))
            outcome.tried += tries
        }
    }

    @Test("what a part leaves is for those behind it, and in the end for those that fell short")
    func leftTime() {
        let slow = Part("slow", weight: 100, goal: 100, each: 0.012)
        let quick = Part("quick", weight: 50, goal: 50, each: 0.0002)
        let last = Part("last", weight: 50, goal: 50, each: 0.0002)
        let outcomes = TimeShares.run([slow, quick, last], until: .now + .seconds(2))
        #expect(outcomes.map(\.tried) == [100, 50, 50])
        #expect(outcomes.map(\.part) == ["slow", "quick", "last"])
        #expect(outcomes.allSatisfy { $0.duration > .zero })
        #expect(slow.turns.count == 2)
        #expect(quick.turns.count == 1 && last.turns.count == 1)
        #expect((0.9...1).contains(slow.turns[0]))
        #expect(quick.turns[0] <= 0.51)
        #expect(last.turns[0] > quick.turns[0])
    }

    @Test("a part that cannot reach its goal ends with the time")
    func endlessPart() {
        let start = ContinuousClock.now
        let endless = Part("endless", weight: 1, goal: 1_000_000, each: 0.01)
        let other = Part("other", weight: 3, goal: 2, each: 0.01)
        let outcomes = TimeShares.run([endless, other], until: start + .seconds(1))
        #expect(!outcomes[0].isGood)
        #expect(outcomes[1].isGood)
        #expect(endless.turns.count == 2)
        #expect(endless.turns.allSatisfy { $0 <= 1 })
    }

    @Test("each part has a try even if there is no time")
    func noTime() {
        let part = Part("late", weight: 1, goal: 5, each: 0.01)
        _ = TimeShares.run([part], until: .now - .seconds(1))
        #expect(part.turns.count == 1)
    }
}
