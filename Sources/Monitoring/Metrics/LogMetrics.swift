// SPDX-License-Identifier: Apache-2.0

import PrometheusText
import Proxy

/// How many lines the log has lost.
struct LogMetrics: Sendable {
    private let dropped: MetricFamily
    private let writer: LogWriter

    init(_ registry: MetricRegistry, _ writer: LogWriter) {
        dropped = registry.define(
            "kubetables_log_lines_dropped_total", .counter,
            help: "Lines of the log that were dropped because standard error was not read in time.")
        self.writer = writer
    }

    func write(to text: inout MetricText) {
        text.begin(dropped)
        text.sample(dropped, Double(writer.droppedCount))
    }
}
