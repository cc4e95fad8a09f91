import CoreMetrics
import Monitoring
import Testing

@Suite("Metrics as text") struct MetricTextTests {
    private func text(_ registry: MetricRegistry) -> String { String(decoding: registry.text.bytes, as: UTF8.self) }

    @Test("names, labels and help are written by name and label values, escaped, HELP and TYPE once")
    func order() {
        let level = MetricDefinition("b_level", .gauge, help: "A \\ and\na line.", labels: ["table", "who"])
        let registry = MetricRegistry(MetricCatalogue([level, MetricDefinition("a_total", .counter, help: "All.")]))
        func meter(_ table: String, _ who: String) -> Meter {
            // The order of the labels is the catalogue's.
            Meter(label: "b_level", dimensions: [("who", who), ("table", table)], factory: registry)
        }
        meter("nat", "z").set(2)
        meter("nat", "a\"\\\n").set(1.5)
        meter("filter", "z").set(-1)
        Counter(label: "a_total", factory: registry).increment(by: 3)
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
        let wait = MetricDefinition(
            "wait_seconds", .histogram(bounds: [0.001, 1, 2.5]), help: "Waits.", labels: ["lock"])
        let registry = MetricRegistry(MetricCatalogue([wait]))
        let recorder = Recorder(label: "wait_seconds", dimensions: [("lock", "x")], factory: registry)
        for value in [0.001, 0.002, 1, 7] { recorder.record(value) }
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
        let registry = MetricRegistry(
            MetricCatalogue([MetricDefinition("a_total", .counter, help: "All.", labels: ["who"])]))
        #expect(text(registry).isEmpty)
        let counters = (0..<2).map { _ in Counter(label: "a_total", dimensions: [("who", "me")], factory: registry) }
        #expect(text(registry).hasSuffix("\na_total{who=\"me\"} 0\n"))
        for counter in counters { counter.increment() }
        #expect(text(registry).hasSuffix("\na_total{who=\"me\"} 2\n"))
        counters[0].destroy()
        #expect(text(registry).isEmpty)
    }

    @Test("what no catalogue knows is written too, under a name that Prometheus takes")
    func unknown() {
        let registry = MetricRegistry(MetricCatalogue([]))
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
        let registry = MetricRegistry(MetricCatalogue([]))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { Counter(label: "a_total", factory: registry).increment() } }
            }
        }
        #expect(text(registry).hasSuffix("\na_total 8000\n"))
    }

    @Test("bounds are kube-proxy's")
    func bounds() {
        #expect(HistogramBounds.synchronization.first == 0.001)
        #expect(HistogramBounds.synchronization.last == 16.384)
        #expect(HistogramBounds.synchronization.count == 15)
        let programming = HistogramBounds.networkProgramming
        #expect(programming.prefix(5) == [0, 0.25, 0.5, 1, 2])
        #expect(programming[61...].prefix(4) == [59, 60, 65, 70])
        #expect(programming.suffix(9) == [110, 115, 120, 150, 180, 210, 240, 270, 300])
        #expect(programming == programming.sorted())
    }
}
