// SPDX-License-Identifier: Apache-2.0

import CoreMetrics

/// A family of counters. Each label value, or combination of them, has a counter of its own:
///
///     let probes = registry.counters("kubeproxy_proxy_livez_total", help: "Responses of /livez.", labels: "code")
///     probes["200"].increment()
///
/// A counter is served from the first access on, at zero.
package struct CounterFamily: Sendable {
    let family: MetricFamily
    let registry: MetricRegistry

    package subscript(values: String...) -> Counter {
        Counter(label: family.name, dimensions: family.labels(values), factory: registry)
    }
}

/// A family of gauges, each with its own label values.
package struct GaugeFamily: Sendable {
    let family: MetricFamily
    let registry: MetricRegistry

    package subscript(values: String...) -> Meter {
        Meter(label: family.name, dimensions: family.labels(values), factory: registry)
    }
}

/// A family of histograms, each with its own label values.
package struct HistogramFamily: Sendable {
    let family: MetricFamily
    let registry: MetricRegistry

    package subscript(values: String...) -> Recorder {
        Recorder(label: family.name, dimensions: family.labels(values), aggregate: true, factory: registry)
    }
}

extension Recorder {
    /// Adds a duration, in seconds.
    package func record(_ duration: Duration) { record(duration / .seconds(1)) }
}

extension MetricRegistry {
    package func counters(_ name: String, help: String, labels: String...) -> CounterFamily {
        CounterFamily(family: define(name, .counter, help: help, labels: labels), registry: self)
    }

    package func gauges(_ name: String, help: String, labels: String...) -> GaugeFamily {
        GaugeFamily(family: define(name, .gauge, help: help, labels: labels), registry: self)
    }

    package func histograms(_ name: String, bounds: [Double], help: String, labels: String...) -> HistogramFamily {
        HistogramFamily(family: define(name, .histogram(bounds: bounds), help: help, labels: labels), registry: self)
    }
}
