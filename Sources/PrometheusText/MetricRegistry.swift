// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// All metrics of the process: every family that is defined, and the series behind swift-metrics' types.
///
///     let registry = MetricRegistry()
///     let syncs = registry.counters("kubetables_syncs_total", help: "Successful syncs.", labels: "ip_family", "reason")
///     syncs["IPv4", "start"].increment()
///     let page = registry.text
///
/// Families are written by name and their series by label values, so that the same state gives the same bytes. A family
/// without series is not written.
package final class MetricRegistry: MetricsFactory {
    /// A family with its series by label values.
    private struct Entry {
        let family: MetricFamily
        var series: [[String]: any MetricSeries] = [:]
    }

    private let entries = Mutex<[String: Entry]>([:])

    package init() {}

    // MARK: Families

    /// Defines a family that is written without instruments, by ``MetricText``.
    ///
    /// - Precondition: a name has one definition.
    package func define(_ name: String, _ kind: MetricFamily.Kind, help: String, labels: [String] = []) -> MetricFamily
    {
        let family = MetricFamily(name, kind, help: help, labels: labels)
        entries.withLock { entries in
            let known = entries[name]
            precondition(known == nil || known?.family == family, "\(name) has two definitions")
            if known == nil { entries[name] = Entry(family: family) }
        }
        return family
    }

    /// Every family that is defined, by name, whether or not it has series.
    package var families: [MetricFamily] {
        entries.withLock { $0.values.map(\.family).sorted { $0.name < $1.name } }
    }

    // MARK: Series

    /// The series of a label that is a family's name, or one that a library made up.
    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind,
        _ make: (MetricFamily.Kind) -> Series?
    ) -> Series {
        entries.withLock { entries in
            let name = entries[label] == nil ? MetricFamily.prometheusName(label) : label
            var entry =
                entries[name]
                ?? Entry(
                    family: MetricFamily(
                        name, kind, help: "Metric \(label) of a library.",
                        labels: dimensions.map { MetricFamily.prometheusName($0.0) }))
            let values = entry.family.labels.map { label in
                dimensions.first { $0.0 == label || MetricFamily.prometheusName($0.0) == label }?.1 ?? ""
            }
            guard let series = entry.series[values].map({ $0 as? Series }) ?? make(entry.family.kind) else {
                preconditionFailure("\(label) is a metric of another kind")
            }
            entry.series[values] = series
            entries[name] = entry
            return series
        }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(label, dimensions, .gauge) { $0 == .gauge ? GaugeSeries() : nil }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        series(label, dimensions, .histogram(bounds: HistogramBounds.shortTimes)) { kind in
            if case .histogram(let bounds) = kind { HistogramSeries(bounds: bounds) } else { nil }
        }
    }

    private func remove(_ series: AnyObject) {
        entries.withLock { entries in
            for (name, entry) in entries {
                for (values, known) in entry.series where known === series { entries[name]?.series[values] = nil }
            }
        }
    }

    /// Forgets all series; a family has none until it is counted again.
    package func reset() {
        entries.withLock { entries in
            for name in entries.keys { entries[name]?.series = [:] }
        }
    }

    // MARK: Text

    /// Writes all families that have series.
    package func write(to text: inout MetricText) {
        let all = entries.withLock { $0.values.sorted { $0.family.name < $1.family.name } }
        for entry in all where !entry.series.isEmpty {
            let family = entry.family
            text.begin(family)
            for (values, series) in entry.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                series.write(to: &text, family.name, family.labels(values))
            }
        }
    }

    /// All families that have series, as text.
    package var text: MetricText {
        var text = MetricText()
        write(to: &text)
        return text
    }
}

extension MetricRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { $0 == .counter ? CounterSeries() : nil }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A histogram, or a gauge if values are not to be aggregated.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    /// A histogram in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
