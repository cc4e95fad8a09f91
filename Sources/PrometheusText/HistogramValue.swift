// SPDX-License-Identifier: Apache-2.0

/// The values that a histogram has observed: their number between its bounds, and their sum.
package struct HistogramValue: Sendable, Hashable {
    /// The upper bounds, each included in its bucket, in rising order; one more bucket holds larger values.
    package let bounds: [Double]
    /// The number of values in each bucket: one more than there are bounds.
    package private(set) var counts: [UInt64]
    /// The sum of all values.
    package private(set) var sum = 0.0

    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package var count: UInt64 { counts.reduce(0, +) }

    package mutating func observe(_ value: Double) {
        // At most a hundred bounds, and most values are small: searching from the front is quick.
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}

package enum HistogramBounds {
    /// `count` bounds, each `factor` times the one before.
    package static func exponential(from first: Double, factor: Double, count: Int) -> [Double] {
        var bound = first
        return (0..<count).map { _ in
            defer { bound *= factor }
            return bound
        }
    }

    /// `count` bounds, each `step` more than the one before.
    package static func linear(from first: Double, step: Double, count: Int) -> [Double] {
        (0..<count).map { first + Double($0) * step }
    }

    /// Seconds from 0.0001 to 26, each bound four times the one before: for short and long times with few buckets.
    package static let shortTimes = exponential(from: 0.0001, factor: 4, count: 10)
}
