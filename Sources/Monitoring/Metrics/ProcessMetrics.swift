// SPDX-License-Identifier: Apache-2.0

import PrometheusText

/// ``ProcessUsage`` under the names and with the help texts of Prometheus' own libraries.
///
/// Source: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
struct ProcessMetrics: Sendable {
    private let processorSeconds: MetricFamily
    private let maximumFiles: MetricFamily
    private let openFiles: MetricFamily
    private let residentBytes: MetricFamily
    private let startTime: MetricFamily
    private let virtualBytes: MetricFamily

    init(_ registry: MetricRegistry) {
        processorSeconds = registry.define(
            "process_cpu_seconds_total", .counter, help: "Total user and system CPU time spent in seconds.")
        maximumFiles = registry.define("process_max_fds", .gauge, help: "Maximum number of open file descriptors.")
        openFiles = registry.define("process_open_fds", .gauge, help: "Number of open file descriptors.")
        residentBytes = registry.define(
            "process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.")
        startTime = registry.define(
            "process_start_time_seconds", .gauge, help: "Start time of the process since unix epoch in seconds.")
        virtualBytes = registry.define("process_virtual_memory_bytes", .gauge, help: "Virtual memory size in bytes.")
    }

    func write(_ usage: ProcessUsage, to text: inout MetricText) {
        func write(_ family: MetricFamily, _ value: Double) {
            text.begin(family)
            text.sample(family, value)
        }
        write(processorSeconds, usage.processorSeconds)
        write(maximumFiles, Double(usage.maximumFiles))
        write(openFiles, Double(usage.openFiles))
        write(residentBytes, Double(usage.residentBytes))
        write(startTime, usage.startTime)
        write(virtualBytes, Double(usage.virtualBytes))
    }
}
