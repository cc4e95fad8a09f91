// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxy

@Suite("Lines a minute")
struct LineBudgetTests {
    @Test("a hundred lines a minute are written, the others are counted and reported in the next minute")
    func budget() {
        var budget = LineBudget()
        let start = ContinuousClock.now
        let first = (0..<250).map { budget.take(now: start + .milliseconds($0)) }
        #expect(first.count(where: \.isAllowed) == 100)
        #expect(first.allSatisfy { $0.suppressed == 0 })
        let next = budget.take(now: start + .seconds(61))
        #expect(next.isAllowed && next.suppressed == 150)
        #expect(budget.take(now: start + .seconds(122)) == (true, 0))
    }
}
