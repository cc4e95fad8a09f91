// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import NetworkTypes
import PrometheusText
import RuleCompiler
import Synchronization
import TestSupport
import Testing
import XTables

@testable import Monitoring

/// A kernel whose rules have the counters that a test sets.
private final class FakeCounters: Sendable {
    struct State {
        var reading = TrafficReading()
        var failure: Int32?
        var reads = 0
        var whileReading: (@Sendable () -> Void)?
    }

    let state = Mutex(State())

    func show(_ reading: TrafficReading) { state.withLock { $0.reading = reading } }

    func read(_ family: IPFamily) throws(KernelFailure) -> TrafficReading {
        let (state, interruption) = state.withLock { state in
            state.reads += 1
            return (state, state.whileReading.take())
        }
        if let failure = state.failure { throw KernelFailure(.open, table: .nat, family: family, errorNumber: failure) }
        interruption?()
        return state.reading
    }
}

@Suite("Traffic as metrics") struct TrafficMonitorTests {
    private let counters = FakeCounters()
    private let sample = TrafficSample(services: ["web": [1, 2], "idle": []])

    private func monitor(_ detail: TrafficDetail = .endpoints) -> TrafficMonitor {
        let counters = counters
        return TrafficMonitor(MetricRegistry(), detail, families: [.ipv4]) { family throws(KernelFailure) in
            try counters.read(family)
        }
    }

    private func text(_ monitor: TrafficMonitor) async -> String {
        String(decoding: await monitor.write(after: MetricText()).bytes, as: UTF8.self)
    }

    @Test("is written by service port and by endpoint, with what was refused")
    func text() async throws {
        let monitor = monitor(.bytes)
        #expect(await !text(monitor).contains("service_port"))
        monitor.rulesAreInForce(sample.compilation)
        counters.show(sample.reading(["web": [2: 3]]))
        try await Task.sleep(for: .seconds(1.1))
        let labels = #"ip_family="IPv4",namespace="default",service="web",port="80",protocol="TCP""#
        let text = await text(monitor)
        let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.contains("_seconds") }
        #expect(
            samples.map(String.init) == [
                "kubetables_endpoint_connections_total{\(labels),endpoint=\"10.0.0.2:8080\"} 3",
                "kubetables_endpoint_first_packet_bytes_total{\(labels),endpoint=\"10.0.0.2:8080\"} 180",
                "kubetables_service_port_connections_total{\(idle)} 0",
                "kubetables_service_port_connections_total{\(labels)} 3",
                "kubetables_service_port_first_packet_bytes_total{\(idle)} 0",
                "kubetables_service_port_first_packet_bytes_total{\(labels)} 180",
                "kubetables_service_port_refused_packets_total{\(idle),reason=\"no-endpoints\"} 0",
                "kubetables_service_port_refused_bytes_total{\(idle),reason=\"no-endpoints\"} 0",
                "kubeproxy_iptables_ct_state_invalid_dropped_packets_total 0",
                "kubetables_traffic_read_failures_total{ip_family=\"IPv4\"} 0",
            ])
    }

    private let idle = #"ip_family="IPv4",namespace="default",service="idle",port="80",protocol="TCP""#

    @Test("has bytes of first packets only on request, which makes a scrape about half as long")
    func bytes() async throws {
        let large = TrafficSample(
            services: Dictionary(uniqueKeysWithValues: (0..<100).map { ("web-\($0)", Array(1...10)) }))
        let compilation = large.compilation
        var reading = TrafficReading()
        for rule in compilation.servicePorts.flatMap(\.endpointRules) {
            reading.nat[rule] = RuleCounters(packets: 123_456, bytes: 7_407_360)
        }
        counters.show(reading)
        var sizes: [TrafficDetail: Int] = [:]
        for detail in [TrafficDetail.bytes, .endpoints, .services] {
            let monitor = monitor(detail)
            monitor.rulesAreInForce(compilation)
            let text = await text(monitor)
            #expect(text.contains("first_packet_bytes") == (detail == .bytes))
            #expect(text.contains("endpoint_connections_total{") == (detail != .services))
            sizes[detail] = text.utf8.count
        }
        let (all, connections) = (Double(sizes[.bytes] ?? 0), Double(sizes[.endpoints] ?? 0))
        #expect(connections > 0.4 * all && connections < 0.5 * all, "\(sizes)")
    }

    @Test("is read once for all scrapes within a second")
    func sharing() async {
        let monitor = monitor()
        monitor.rulesAreInForce(sample.compilation)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = await monitor.write(after: MetricText()) } }
        }
        _ = await text(monitor)
        #expect(counters.state.withLock { $0.reads } == 1)
    }

    @Test("has rates after the first reading that a client measures with, if there was one a moment ago")
    func seed() {
        let counters = counters
        let traffic = FamilyTraffic(.ipv4, retiredLimit: 10) { family throws(KernelFailure) in try counters.read(family)
        }
        traffic.rulesAreInForce(sample.compilation)
        traffic.refresh()
        #expect(traffic.keepWindow())
        #expect(!traffic.isMeasured)
        usleep(600_000)
        traffic.refresh()
        #expect(traffic.isMeasured)
        #expect(traffic.snapshot.window?.intervalSeconds ?? 0 >= 0.6)
        #expect(!traffic.keepWindow())

        // Rules that are others now would begin with counts of endpoints that are gone.
        let changed = FamilyTraffic(.ipv4, retiredLimit: 10) { family throws(KernelFailure) in try counters.read(family)
        }
        changed.rulesAreInForce(sample.compilation)
        changed.refresh()
        changed.committed(.nat, removed: [:])
        #expect(changed.keepWindow())
        usleep(600_000)
        changed.refresh()
        #expect(!changed.isMeasured)
    }

    @Test("is left out when it cannot be read, and the failure is counted")
    func failure() async {
        let monitor = monitor()
        monitor.rulesAreInForce(sample.compilation)
        counters.state.withLock { $0.failure = EPERM }
        let text = await text(monitor)
        #expect(!text.contains("kubetables_service_port") && !text.contains("_seconds"))
        #expect(text.contains("kubetables_traffic_read_failures_total{ip_family=\"IPv4\"} 1\n"))
    }

    @Test("is right after a new beginning however long a reading takes")
    func slowReading() {
        let counters = counters
        let traffic = FamilyTraffic(.ipv4, retiredLimit: 10, patience: .milliseconds(20)) {
            family throws(KernelFailure) in
            usleep(60_000)
            return try counters.read(family)
        }
        traffic.rulesAreInForce(sample.compilation)
        for (shown, total) in [(UInt64(50), UInt64(50)), (10, 60), (15, 65)] {
            counters.show(sample.reading(["web": [1: shown]]))
            traffic.refresh()
            #expect(traffic.snapshot.ledger.ports[TrafficSample.name]?.total.packets == total)
        }
    }

    @Test("counts nothing twice when rules are removed while they are read")
    func overtaken() async {
        let monitor = monitor()
        let sample = sample
        let counters = counters
        monitor.rulesAreInForce(sample.compilation)
        counters.show(sample.reading(["web": [1: 5, 2: 4]]))
        counters.state.withLock { state in
            state.whileReading = {
                // The commit takes what it read before; what is being read now belongs to rules that were removed.
                monitor.beginChange(of: .ipv4)
                let removed = sample.reading(["web": [2: 4]]).nat
                monitor.committed(.nat, family: .ipv4, removed: removed)
                monitor.endChange(of: .ipv4)
                monitor.rulesAreInForce(TrafficSample(services: ["web": [1]]).compilation)
                counters.show(sample.reading(["web": [1: 6]]))
            }
        }
        let text = await text(monitor)
        #expect(text.contains("protocol=\"TCP\",endpoint=\"10.0.0.1:8080\"} 6\n"))
        #expect(text.contains("protocol=\"TCP\",endpoint=\"10.0.0.2:8080\"} 4\n"))
        #expect(text.contains("connections_total{\(idle.replacing("idle", with: "web"))} 10\n"))
    }
}
