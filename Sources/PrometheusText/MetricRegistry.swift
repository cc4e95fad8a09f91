import CoreMetrics
import Synchronization

/// All metrics of the process, behind swift-metrics' types, to be written when somebody asks.
///
///     let registry = MetricRegistry(.proxy)
///     Counter(label: "kubetables_syncs_total", dimensions: [("ip_family", "IPv4"), ("reason", "start")], factory: registry)
///         .increment()
///     let page = registry.text
///
/// Families are written by name and their series by label values, so that the same state gives the same bytes. A family
/// without series is not written.
public final class MetricRegistry: MetricsFactory {
    /// The series of a family, each known by the values of its labels.
    private struct Family {
        let definition: MetricDefinition
        var series: [[String]: any MetricSeries] = [:]
    }

    private let catalogue: MetricCatalogue
    private let families = Mutex<[String: Family]>([:])

    /// No metrics yet.
    ///
    /// - Parameter catalogue: what is known of metrics; one that is not in it is taken as it comes.
    public init(_ catalogue: MetricCatalogue) { self.catalogue = catalogue }

    // MARK: Series

    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricDefinition.Kind,
        _ make: (MetricDefinition.Kind) -> Series?
    ) -> Series {
        let definition = catalogue.definition(label, kind, dimensions: dimensions)
        let values = definition.labels.map { label in
            dimensions.first { $0.0 == label || MetricCatalogue.prometheusName($0.0) == label }?.1 ?? ""
        }
        return families.withLock { families in
            let known = families[definition.name, default: Family(definition: definition)].series[values]
            guard let series = known.map({ $0 as? Series }) ?? make(definition.kind) else {
                preconditionFailure("\(label) is a metric of another kind")
            }
            families[definition.name, default: Family(definition: definition)].series[values] = series
            return series
        }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(label, dimensions, .gauge) { $0 == .gauge ? GaugeSeries() : nil }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        series(label, dimensions, .histogram(bounds: HistogramBounds.phase)) { kind in
            if case .histogram(let bounds) = kind { HistogramSeries(bounds: bounds) } else { nil }
        }
    }

    private func remove(_ series: AnyObject) {
        families.withLock { families in
            families = families.mapValues { family in
                Family(definition: family.definition, series: family.series.filter { $0.value !== series })
            }
        }
    }

    // MARK: Text

    /// Writes all families.
    public func write(to text: inout MetricText) {
        let all = families.withLock { $0.values.sorted { $0.definition.name < $1.definition.name } }
        for family in all where !family.series.isEmpty {
            let definition = family.definition
            text.begin(definition.name, definition.kind.textKind, help: definition.help)
            for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                series.write(to: &text, definition.name, zip(definition.labels, values).map { ($0, $1) })
            }
        }
    }

    /// All families as text.
    public var text: MetricText {
        var text = MetricText()
        write(to: &text)
        return text
    }
}

extension MetricRegistry {
    /// A number that only grows.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { $0 == .counter ? CounterSeries() : nil }
    }

    /// A number that goes up and down.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A histogram, or a gauge if values shall not be aggregated.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    /// Takes a series out.
    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Takes a series out.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Takes a series out.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Takes a series out.
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}

extension MetricDefinition.Kind {
    fileprivate var textKind: MetricText.Kind {
        switch self {
        case .counter: .counter
        case .gauge: .gauge
        case .histogram: .histogram
        }
    }
}
