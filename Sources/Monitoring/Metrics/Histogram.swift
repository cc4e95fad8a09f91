/// A family of histograms.
public final class Histogram: MetricFamily {
    private let series: SeriesStore<HistogramValue>

    init(_ head: SeriesHead, bounds: [Double]) { series = SeriesStore(head, initial: HistogramValue(bounds: bounds)) }

    /// Adds a value to the series with these label values.
    public func observe(_ value: Double, _ labels: String...) { series.update(labels) { $0.observe(value) } }

    /// Adds a duration, in seconds, to the series with these label values.
    public func observe(_ duration: Duration, _ labels: String...) {
        series.update(labels) { $0.observe(duration / .seconds(1)) }
    }

    /// What the series with these label values has observed; `nil` if there is none.
    public func value(_ labels: String...) -> HistogramValue? { series.value(labels) }

    var head: SeriesHead { series.head }

    func write(to text: inout MetricText) { series.write(to: &text) { $0.samples(head.name, $2, $1) } }
}
