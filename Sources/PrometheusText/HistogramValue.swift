/// What a histogram has observed: how many values there were between its bounds, and their sum.
public struct HistogramValue: Sendable, Hashable {
    /// The upper bounds, each included in its bucket, in rising order; one more bucket takes what is larger.
    public let bounds: [Double]
    /// How many values fell into each bucket: one more than there are bounds.
    public private(set) var counts: [UInt64]
    /// The sum of all values.
    public private(set) var sum = 0.0

    /// Nothing observed yet.
    public init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values there were.
    public var count: UInt64 { counts.reduce(0, +) }

    /// Adds a value.
    public mutating func observe(_ value: Double) {
        // At most a hundred bounds, and most values are small: searching from the front is quick.
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}

/// Bounds of histograms.
public enum HistogramBounds {
    /// `count` bounds, each `factor` times the one before.
    public static func exponential(from first: Double, factor: Double, count: Int) -> [Double] {
        var bound = first
        return (0..<count).map { _ in
            defer { bound *= factor }
            return bound
        }
    }

    /// `count` bounds, each `step` more than the one before.
    public static func linear(from first: Double, step: Double, count: Int) -> [Double] {
        (0..<count).map { first + Double($0) * step }
    }

    /// Seconds that a synchronization takes: 0.001 to 16.384, each twice the one before (kube-proxy's metrics.go).
    public static let synchronization = exponential(from: 0.001, factor: 2, count: 15)

    /// Seconds from a change in the cluster to the rule for it: 0.25 to 300.
    ///
    /// The first bound is 0, as kube-proxy's is: its `MergeBuckets` begins with an empty number, and dashboards that
    /// compare nodes want equal bounds.
    public static let networkProgramming =
        [0] + linear(from: 0.25, step: 0.25, count: 2) + linear(from: 1, step: 1, count: 59)
        + linear(from: 60, step: 5, count: 12) + linear(from: 120, step: 30, count: 7)

    /// Seconds that a part of a synchronization takes: 0.0001 to 26, each four times the one before.
    public static let phase = exponential(from: 0.0001, factor: 4, count: 10)
}
