// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Testing

@testable import PrometheusText

@Suite("Metrics as text") struct MetricTextTests {
    private func text(_ registry: MetricRegistry) -> String { String(decoding: registry.text.bytes, as: UTF8.self) }

    @Test("names, labels and help are written by name and label values, escaped, HELP and TYPE once")
    func order() {
        let registry = MetricRegistry()
        let level = registry.gauges("b_level", help: "A \\ and\na line.", labels: "table", "who")
        let all = registry.counters("a_total", help: "All.")
        level["nat", "z"].set(2)
        level["nat", "a\"\\\n"].set(1.5)
        // The order of the labels is the definition's, also for a library that gives another one.
        Meter(label: "b_level", dimensions: [("who", "z"), ("table", "filter")], factory: registry).set(-1)
        all[].increment(by: 3)
        #expect(
            text(registry) == #"""
                # HELP a_total All.
                # TYPE a_total counter
                a_total 3
                # HELP b_level A \\ and\na line.
                # TYPE b_level gauge
                b_level{table="filter",who="z"} -1
                b_level{table="nat",who="a\"\\\n"} 1.5
                b_level{table="nat",who="z"} 2

                """#)
    }

    @Test("a histogram counts values up to each bound, the bound included, then all")
    func histogram() {
        let registry = MetricRegistry()
        let waits = registry.histograms("wait_seconds", bounds: [0.001, 1, 2.5], help: "Waits.", labels: "lock")
        for value in [0.001, 0.002, 1] { waits["x"].record(value) }
        waits["x"].record(.seconds(7))
        Timer(label: "wait_seconds", dimensions: [("lock", "x")], factory: registry).recordMilliseconds(2500)
        #expect(
            text(registry) == """
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{lock="x",le="0.001"} 1
                wait_seconds_bucket{lock="x",le="1"} 3
                wait_seconds_bucket{lock="x",le="2.5"} 4
                wait_seconds_bucket{lock="x",le="+Inf"} 5
                wait_seconds_sum{lock="x"} 10.503
                wait_seconds_count{lock="x"} 5

                """)
    }

    @Test("a family without series is not written, one asked for twice is one, and asking shows a zero")
    func families() {
        let registry = MetricRegistry()
        let all = registry.counters("a_total", help: "All.", labels: "who")
        #expect(text(registry).isEmpty)
        let counters = (0..<2).map { _ in all["me"] }
        #expect(text(registry).hasSuffix("\na_total{who=\"me\"} 0\n"))
        for counter in counters { counter.increment() }
        #expect(text(registry).hasSuffix("\na_total{who=\"me\"} 2\n"))
        counters[0].destroy()
        #expect(text(registry).isEmpty)
    }

    @Test("every family is known by its definition, served or not, and defining it again changes nothing")
    func definitions() {
        let registry = MetricRegistry()
        for _ in 0..<2 {
            _ = registry.histograms("wait_seconds", bounds: [1], help: "Waits.", labels: "lock")
            _ = registry.define("level", .gauge, help: "Levels.")
        }
        #expect(registry.families.map(\.name) == ["level", "wait_seconds"])
        #expect(
            registry.families.flatMap(\.seriesNames) == [
                "level", "wait_seconds_bucket", "wait_seconds_sum", "wait_seconds_count",
            ])
        #expect(registry.families.map(\.labels) == [[], ["lock"]])
        #expect(text(registry).isEmpty)
    }

    @Test("a family without instruments is written sample by sample")
    func samples() {
        let level = MetricRegistry().define("level", .gauge, help: "Levels.", labels: ["table"])
        var text = MetricText()
        text.begin(level)
        text.sample(level, 1.5, [("table", "nat")])
        var labels = LabelText([("table", "filter")])
        text.sample(level, 2, labels)
        let length = labels.length
        labels.append("who") { $0.append(contentsOf: "me".utf8) }
        text.sample(level, UInt64.max, labels)
        labels.cut(to: length)
        text.sample(level, 3, labels)
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == """
                # HELP level Levels.
                # TYPE level gauge
                level{table="nat"} 1.5
                level{table="filter"} 2
                level{table="filter",who="me"} 18446744073709551615
                level{table="filter"} 3

                """)
    }

    @Test("what a library counts is written too, under a name that Prometheus accepts")
    func unknown() {
        let registry = MetricRegistry()
        Counter(label: "http-client.requests", dimensions: [("status.code", "200")], factory: registry).increment()
        Gauge(label: "2nd", factory: registry).record(1.5)
        let text = text(registry)
        #expect(text.contains("\n# TYPE http_client_requests counter\nhttp_client_requests{status_code=\"200\"} 1\n"))
        #expect(text.contains("# TYPE _2nd gauge\n_2nd 1.5\n"))
    }

    @Test("odd numbers are written as Prometheus reads them")
    func numbers() {
        var text = MetricText()
        for value in [Double.infinity, -.infinity, .nan, 1e300, 0.1, 1_764_000_000.25] { text.sample("x", value) }
        text.sample("x", UInt64.max)
        #expect(
            String(decoding: text.bytes, as: UTF8.self)
                == "x +Inf\nx -Inf\nx NaN\nx 1e+300\nx 0.1\nx 1764000000.25\nx 18446744073709551615\n")
    }

    @Test("counting from many threads loses nothing")
    func threads() async {
        let registry = MetricRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { Counter(label: "a_total", factory: registry).increment() } }
            }
        }
        #expect(text(registry).hasSuffix("\na_total 8000\n"))
    }
}
