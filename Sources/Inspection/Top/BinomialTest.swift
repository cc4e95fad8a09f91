// SPDX-License-Identifier: Apache-2.0

/// How likely a count is, if chance alone decides: the exact two-sided test of the binomial distribution.
///
/// No approximation by a normal distribution is used, which would be wrong for small counts.
enum BinomialTest {
    /// A weight below this fraction of the largest one does not change a probability that matters.
    private static let negligible = 1e-25

    /// The probability of a count that is at least as far out, on either side, as this one: twice the smaller tail, at most 1.
    ///
    /// - Parameters:
    ///   - count: how many of the trials succeeded.
    ///   - trials: the number of trials; at least `count`.
    ///   - probability: that of a success, 0–1.
    static func twoSided(_ count: UInt64, of trials: UInt64, probability: Double) -> Double {
        guard probability > 0 else { return count == 0 ? 1 : 0 }
        guard probability < 1 else { return count == trials ? 1 : 0 }
        // The weights are relative to that of the most likely count, so that none of them overflows.
        let mode = min(trials, UInt64(Double(trials + 1) * probability))
        var sum = Sum(count: count)
        sum.add(1, at: mode)
        let odds = probability / (1 - probability)
        var weight = 1.0
        var number = mode
        while number < trials, weight > negligible {
            weight *= Double(trials - number) / Double(number + 1) * odds
            number += 1
            sum.add(weight, at: number)
        }
        weight = 1
        number = mode
        while number > 0, weight > negligible {
            weight *= Double(number) / Double(trials - number + 1) / odds
            number -= 1
            sum.add(weight, at: number)
        }
        return min(1, 2 * min(sum.lower, sum.upper) / sum.all)
    }

    /// The weights of all counts, and of those on each side of a count, itself included.
    private struct Sum {
        let count: UInt64
        var all = 0.0
        var lower = 0.0
        var upper = 0.0

        init(count: UInt64) { self.count = count }

        mutating func add(_ weight: Double, at number: UInt64) {
            all += weight
            if number <= count { lower += weight }
            if number >= count { upper += weight }
        }
    }
}
