import Monitoring
import TestSupport
import Testing

@Suite("Metrics as text") struct MetricTextTests {
    private func text(_ registry: MetricRegistry) -> String { String(decoding: registry.text.bytes, as: UTF8.self) }

    @Test("names, labels and help are written by name and label values, escaped, HELP and TYPE once")
    func order() {
        let registry = MetricRegistry()
        let second = registry.gauge("b_level", help: "A \\ and\na line.", labels: ["table", "who"])
        second.set(2, "nat", "z")
        second.set(1.5, "nat", "a\"\\\n")
        second.set(-1, "filter", "z")
        registry.counter("a_total", help: "All.").add(3)
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
        let histogram = registry.histogram("wait_seconds", help: "Waits.", labels: ["lock"], bounds: [0.001, 1, 2.5])
        for value in [0.001, 0.002, 1, 7] { histogram.observe(value, "x") }
        histogram.observe(.milliseconds(2500), "x")
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

    @Test("a family without series is not written, one asked for twice is one, and adding nothing shows a zero")
    func families() {
        let registry = MetricRegistry()
        let counter = registry.counter("a_total", help: "All.", labels: ["who"])
        #expect(text(registry).isEmpty)
        registry.counter("a_total", help: "All.", labels: ["who"]).add(0, "me")
        #expect(counter.value("me") == 0)
        #expect(text(registry).hasSuffix("\na_total{who=\"me\"} 0\n"))
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
        let counter = MetricRegistry().counter("a_total", help: "All.")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { counter.add() } } }
        }
        #expect(counter.value() == 8000)
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
