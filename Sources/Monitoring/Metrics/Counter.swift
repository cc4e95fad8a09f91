/// A family of numbers that only grow, until the process starts again.
public final class Counter: MetricFamily {
    private let series: SeriesStore<UInt64>

    init(_ head: SeriesHead) { series = SeriesStore(head, initial: 0) }

    /// Adds to the series with these label values; adding 0 makes it appear.
    public func add(_ amount: Int = 1, _ labels: String...) {
        precondition(amount >= 0, "a counter only grows")
        series.update(labels) { $0 += UInt64(amount) }
    }

    /// The number of the series with these label values; `nil` if there is none.
    public func value(_ labels: String...) -> UInt64? { series.value(labels) }

    var head: SeriesHead { series.head }

    func write(to text: inout MetricText) { series.write(to: &text) { $0.sample(head.name, $2, $1) } }
}
