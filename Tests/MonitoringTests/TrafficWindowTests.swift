// SPDX-License-Identifier: Apache-2.0

import Inspection
import KernelTables
import NetworkTypes
import RuleCompiler
import ServiceModel
import Synchronization
import Testing
import XTables

@testable import Monitoring

@Suite("Readings of the last minute") struct TrafficWindowTests {
    private let sample = TrafficSample(services: ["web": [1, 2], "idle": [3]])
    private let start = ContinuousClock.now

    private func endpoint(_ number: UInt32) -> AddressPort {
        AddressPort(IPAddress(ipv4: 0x0a00_0000 + number), 8080)
    }

    private func counts(_ window: TrafficWindow, _ endpoints: UInt32...) -> MeasuredEndpoints? {
        window.endpoints(of: TrafficSample.name, endpoints.map(endpoint))
    }

    /// A window that has read these counts, each some seconds after the start.
    private func window(_ readings: [(Int, [UInt32: UInt64])]) -> TrafficWindow {
        var window = TrafficWindow()
        var ledger = TrafficLedger(retiredLimit: 10)
        for (seconds, connections) in readings {
            _ = ledger.absorb(sample.reading(["web": connections]), of: sample.compilation, doubting: false)
            window.note(ledger, at: start + .seconds(seconds))
        }
        return window
    }

    @Test("give rates between the last two, and shares since the first")
    func rates() {
        #expect(window([]).rates(of: TrafficSample.name) == nil)
        #expect(counts(window([(0, [1: 5])]), 1) == nil)
        let window = window([(0, [1: 1000, 2: 5]), (2, [1: 1010, 2: 15]), (4, [1: 1030, 2: 15])])
        #expect(window.intervalSeconds == 2)
        #expect(window.rates(of: TrafficSample.name) == MeasuredPort(connectionsPerSecond: 10))
        #expect(window.rates(of: ServicePort.sample("idle").name) == MeasuredPort(connectionsPerSecond: 0))
        #expect(
            counts(window, 1, 2, 9)
                == MeasuredEndpoints(connectionsPerSecond: [10, 0, 0], connections: [30, 10, 0], seconds: 4))
    }

    @Test("are at most about a minute old, however long they are kept")
    func length() {
        for length in [20, 59, 61, 200, 1000] {
            let window = window((0...length).map { ($0, [1: UInt64($0)]) })
            let found = counts(window, 1)
            let expected = length < 60 ? Double(length) : nil
            if let expected { #expect(found?.seconds == expected) }
            let seconds = found?.seconds ?? 0
            #expect(seconds <= 60 && seconds >= min(30, Double(length)), "\(length)")
            #expect(found.map { Double($0.connections[0]) } == found?.seconds, "\(length)")
        }
    }

    @Test("begin again when endpoints of the port change, and only those of that port")
    func changes() {
        var window = window([(0, [1: 10, 2: 10]), (2, [1: 20, 2: 20])])
        let other = TrafficSample(services: ["web": [1, 2], "idle": [3, 4]])
        window.note(other.compilation, after: sample.compilation)
        #expect(counts(window, 1)?.connections == [10])
        let grown = TrafficSample(services: ["web": [1, 2, 5], "idle": [3, 4]])
        window.note(grown.compilation, after: other.compilation)
        // No reading has come since the change.
        #expect(counts(window, 1) == nil)
        #expect(window.rates(of: TrafficSample.name)?.connectionsPerSecond == 10)
        var ledger = TrafficLedger(retiredLimit: 10)
        for (seconds, connections) in [(4, [UInt32(1): UInt64(50), 2: 50, 5: 1]), (6, [1: 53, 2: 52, 5: 5])] {
            _ = ledger.absorb(grown.reading(["web": connections]), of: grown.compilation, doubting: false)
            window.note(ledger, at: start + .seconds(seconds))
        }
        #expect(counts(window, 1, 2, 5)?.connections == [3, 2, 4])
        #expect(counts(window, 1)?.seconds == 2)
        #expect(window.endpoints(of: ServicePort.sample("idle").name, [endpoint(3)])?.seconds == 2)
    }

    @Test("refused packets have rates by reason")
    func refusals() throws {
        let sample = TrafficSample(services: ["idle": []])
        let compilation = sample.compilation
        let rule = try #require(compilation.servicePorts.first?.refusingRules.first)
        var window = TrafficWindow()
        var ledger = TrafficLedger(retiredLimit: 10)
        for (seconds, packets) in [(0, UInt64(5)), (2, 9)] {
            let reading = TrafficReading(filter: [rule.key: RuleCounters(packets: packets, bytes: packets * 60)])
            _ = ledger.absorb(reading, of: compilation, doubting: false)
            window.note(ledger, at: start + .seconds(seconds))
        }
        let rates = window.rates(of: ServicePort.sample("idle").name)
        #expect(rates?.refusedPerSecond == [.noEndpoints: 2])
    }

    @Test("are kept only while a client measures")
    func keeping() {
        let traffic = FamilyTraffic(.ipv4, retiredLimit: 10) { _ throws(KernelFailure) in TrafficReading() }
        #expect(traffic.snapshot.window == nil)
        #expect(traffic.keepWindow())
        #expect(!traffic.keepWindow())
        #expect(traffic.dropWindow())
        #expect(traffic.snapshot.window != nil)
    }

    @Test("cost readings no more than a tenth of the time, while scrapes are served at once")
    func pace() async throws {
        let pace = ReadingPace()
        let reads = Mutex(0)
        let read: @Sendable () async -> Void = {
            try? await Task.sleep(for: .milliseconds(300))
            reads.withLock { $0 += 1 }
        }
        await pace.refresh(isSparing: true, read)
        try await Task.sleep(for: .milliseconds(1500))
        // 300 ms ask for a pause of 2.7 s; a scrape waits for a second only.
        await pace.refresh(isSparing: true, read)
        #expect(reads.withLock(\.self) == 1)
        await pace.refresh(read)
        #expect(reads.withLock(\.self) == 2)
        try await Task.sleep(for: .milliseconds(3000))
        await pace.refresh(isSparing: true, read)
        #expect(reads.withLock(\.self) == 3)
    }
}
