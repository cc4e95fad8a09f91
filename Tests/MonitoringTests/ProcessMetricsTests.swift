// SPDX-License-Identifier: Apache-2.0

import PrometheusText
import TestSupport
import Testing

@testable import Monitoring

@Suite("Metrics of the process") struct ProcessMetricsTests {
    @Test("are read from /proc, whatever the name of the program")
    func reading() throws {
        let stat = """
            4711 (kube) proxy 1) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 7 0 1200 104857600 2048 \
            18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0
            """
        let usage = try #require(
            ProcessUsage(
                process: stat, machine: "cpu 1 2 3\nintr 5\nbtime 1700000000\n", ticksPerSecond: 100, pageBytes: 4096,
                openFiles: 12, maximumFiles: 1024))
        #expect(usage.processorSeconds == 4)
        #expect(usage.startTime == 1_700_000_012)
        #expect(usage.virtualBytes == 104_857_600)
        #expect(usage.residentBytes == 2048 * 4096)
        var text = MetricText()
        ProcessMetrics(MetricRegistry()).write(usage, to: &text)
        let written = String(decoding: text.bytes, as: UTF8.self)
        #expect(written.contains("\nprocess_cpu_seconds_total 4\n"))
        #expect(written.contains("\nprocess_open_fds 12\n"))
        #expect(try Promtool.complaints(about: written) == [])
    }

    @Test("are left out if /proc has another form", arguments: ["", "1 (a) S 1 2 3", "no brackets at all"])
    func nonsense(stat: String) {
        #expect(
            ProcessUsage(
                process: stat, machine: "btime 1\n", ticksPerSecond: 100, pageBytes: 4096, openFiles: 1,
                maximumFiles: 2) == nil)
    }

    @Test("are known of this process")
    func now() throws {
        let usage = try #require(ProcessUsage.now)
        #expect(usage.residentBytes > 1 << 20 && usage.residentBytes < usage.virtualBytes)
        #expect((3...usage.maximumFiles).contains(usage.openFiles))
        #expect(usage.startTime > 1_700_000_000)
        #expect(usage.processorSeconds > 0)
    }
}
