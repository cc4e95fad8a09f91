// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Inspection

@Suite("Deviation of shares") struct ShareDeviationTests {
    @Test("is judged by exact probabilities: twice the smaller tail of the binomial distribution")
    func probabilities() {
        func expect(_ count: UInt64, _ trials: UInt64, _ probability: Double, _ expected: Double) {
            let found = BinomialTest.twoSided(count, of: trials, probability: probability)
            #expect(
                abs(found - expected) <= 1e-12 * max(1, expected), "\(count) of \(trials): \(found), not \(expected)")
        }
        // (C(10,0) + C(10,1)) / 1024, twice.
        expect(1, 10, 0.5, 22.0 / 1024)
        expect(9, 10, 0.5, 22.0 / 1024)
        expect(5, 10, 0.5, 1)
        expect(0, 20, 0.25, 2 * 0.003171211938934)
        expect(0, 0, 0.5, 1)
        expect(3, 3, 1, 1)
        expect(2, 3, 1, 0)
        expect(1, 3, 0, 0)
        // So far out that only the exponent counts.
        #expect(BinomialTest.twoSided(0, of: 1_000_000, probability: 0.5) < 1e-24)
        #expect(BinomialTest.twoSided(1_000_000, of: 1_000_000, probability: 0.001) < 1e-24)
    }

    @Test("of all counts add up: the tails on both sides of a count overlap in it alone")
    func consistency() {
        for (trials, probability) in [(UInt64(7), 0.2), (40, 1.0 / 3), (500, 0.01)] {
            let values = (0...trials).map { BinomialTest.twoSided($0, of: trials, probability: probability) }
            let peak = values.firstIndex(of: values.max() ?? 0) ?? 0
            #expect(values[...peak] == ArraySlice(values[...peak].sorted()))
            #expect(values[peak...] == ArraySlice(values[peak...].sorted(by: >)))
        }
    }

    @Test("is marked when an endpoint gets nothing, or clearly more than the others")
    func real() {
        func deviation(_ count: UInt64, of all: UInt64, _ endpoints: Int) -> ShareDeviation? {
            ShareDeviation(count, of: all, expected: 1 / Double(endpoints), endpoints: endpoints)
        }
        #expect(deviation(0, of: 30, 3) == nil)
        #expect(deviation(0, of: 50, 3) == .less)
        #expect(deviation(150, of: 300, 3) == .more)
        #expect(deviation(50, of: 300, 3) == .less)
        #expect(deviation(115, of: 300, 3) == nil)
        #expect(deviation(1, of: 1, 100) == nil)
        #expect(deviation(0, of: 0, 2) == nil)
        // One endpoint always gets all of them.
        #expect(deviation(1000, of: 1000, 1) == nil)
        #expect(deviation(7, of: 20, 1000) == .more)
    }

    @Test("is not marked in a million fair draws of many windows")
    func fair() {
        var generator = SystemRandomNumberGenerator()
        var marks = 0
        for (endpoints, connections) in [(2, 40), (3, 500), (10, 1000), (100, 300)] {
            for _ in 0..<(1_000_000 / connections / 4) {
                var counts = [UInt64](repeating: 0, count: endpoints)
                for _ in 0..<connections { counts[Int.random(in: 0..<endpoints, using: &generator)] += 1 }
                marks += counts.count {
                    ShareDeviation(
                        $0, of: UInt64(connections), expected: 1 / Double(endpoints), endpoints: endpoints) != nil
                }
            }
        }
        // 8,000 windows at one in a million: less than once in a hundred runs is there one, never are there two.
        #expect(marks <= 1)
    }
}
