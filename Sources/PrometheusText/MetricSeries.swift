// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// One series of a family, with its value.
protocol MetricSeries: AnyObject, Sendable {
    func write(to text: inout MetricText, _ name: String, _ labels: [MetricText.Label])
}

final class CounterSeries: MetricSeries, CounterHandler {
    private let value = Mutex<UInt64>(0)

    /// Adds `amount`; an amount below zero adds nothing.
    func increment(by amount: Int64) { value.withLock { $0 &+= UInt64(max(amount, 0)) } }

    func reset() { value.withLock { $0 = 0 } }

    func write(to text: inout MetricText, _ name: String, _ labels: [MetricText.Label]) {
        text.sample(name, value.withLock { $0 }, labels)
    }
}

final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(to text: inout MetricText, _ name: String, _ labels: [MetricText.Label]) {
        text.sample(name, value.withLock { $0 }, labels)
    }
}

final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private let value: Mutex<HistogramValue>

    init(bounds: [Double]) { value = Mutex(HistogramValue(bounds: bounds)) }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { self.value.withLock { $0.observe(value) } }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(to text: inout MetricText, _ name: String, _ labels: [MetricText.Label]) {
        text.samples(name, value.withLock { $0 }, labels)
    }
}
