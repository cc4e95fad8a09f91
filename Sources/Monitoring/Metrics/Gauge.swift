/// A family of numbers that go up and down.
public final class Gauge: MetricFamily {
    private let series: SeriesStore<Double>

    init(_ head: SeriesHead) { series = SeriesStore(head, initial: 0) }

    /// Sets the series with these label values.
    public func set(_ value: Double, _ labels: String...) { series.update(labels) { $0 = value } }

    /// Sets the series with these label values.
    public func set(_ value: Int, _ labels: String...) { series.update(labels) { $0 = Double(value) } }

    /// The number of the series with these label values; `nil` if there is none.
    public func value(_ labels: String...) -> Double? { series.value(labels) }

    var head: SeriesHead { series.head }

    func write(to text: inout MetricText) { series.write(to: &text) { $0.sample(head.name, $2, $1) } }
}
