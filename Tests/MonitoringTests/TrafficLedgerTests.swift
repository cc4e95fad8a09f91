// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import RuleCompiler
import ServiceModel
import TestSupport
import Testing
import XTables

@testable import Monitoring

/// Service ports whose rules have the counters that a test sets.
struct TrafficSample {
    var services: [String: [UInt32]]

    static let name = ServicePort.sample("web").name

    var compilation: Compilation {
        let entries = services.map { name, endpoints in
            ServicePortEndpoints(
                servicePort: .sample(name), endpoints: endpoints.sorted().map { .sample($0, node: nil) })
        }
        return Compilation(
            ServiceSnapshot(family: .ipv4, servicePorts: entries),
            settings: CompilerSettings(node: Node(name: "node-1")))
    }

    func rule(_ service: String, _ endpoint: UInt32) -> CounterKey {
        let compiled = compilation.servicePorts.first { $0.name.service == service }
        let address = IPAddress(ipv4: 0x0a00_0000 + endpoint)
        guard let rule = compiled?.endpointRules.first(where: { $0.address == address }) else {
            preconditionFailure("no endpoint \(endpoint) of \(service)")
        }
        return rule
    }

    /// The counters after so many connections, of 60 bytes each.
    func reading(_ connections: [String: [UInt32: UInt64]]) -> TrafficReading {
        var reading = TrafficReading()
        for (service, counts) in connections {
            for (endpoint, count) in counts where count > 0 {
                reading.nat[rule(service, endpoint)] = RuleCounters(packets: count, bytes: count * 60)
            }
        }
        return reading
    }
}

@Suite("Sums of traffic") struct TrafficLedgerTests {
    private var ledger = TrafficLedger(retiredLimit: 100)

    private func total(_ ledger: TrafficLedger, _ service: String = "web") -> UInt64? {
        ledger.ports[ServicePort.sample(service).name]?.total.packets
    }

    private func endpoints(_ ledger: TrafficLedger, _ service: String = "web") -> [UInt64] {
        ledger.ports[ServicePort.sample(service).name]?.endpoints.map(\.total.packets) ?? []
    }

    @Test("grow by what rules have counted since the last reading")
    func growth() {
        var ledger = ledger
        let sample = TrafficSample(services: ["web": [1, 2], "idle": [3]])
        #expect(ledger.absorb(sample.reading(["web": [1: 5, 2: 7]]), of: sample.compilation, doubting: true) == 0)
        #expect(ledger.absorb(sample.reading(["web": [1: 5, 2: 9]]), of: sample.compilation, doubting: true) == 0)
        #expect(total(ledger) == 14)
        #expect(endpoints(ledger) == [5, 9])
        #expect(ledger.ports[ServicePort.sample("web").name]?.total.bytes == 14 * 60)
        #expect(total(ledger, "idle") == nil)
    }

    @Test("doubt lower counters than before, and if they are confirmed take them for a new beginning")
    func reset() {
        var ledger = ledger
        let sample = TrafficSample(services: ["web": [1, 2]])
        _ = ledger.absorb(sample.reading(["web": [1: 50, 2: 7]]), of: sample.compilation, doubting: true)
        let low = sample.reading(["web": [1: 3, 2: 8]])
        #expect(ledger.absorb(low, of: sample.compilation, doubting: true) == 1)
        #expect(endpoints(ledger) == [50, 8])
        // They were read while another process replaced the table: nothing was lost, and nothing is counted twice.
        var replaced = ledger
        #expect(
            replaced.absorb(sample.reading(["web": [1: 53, 2: 8]]), of: sample.compilation, doubting: false) == 0)
        #expect(endpoints(replaced) == [53, 8])
        // They are confirmed.
        #expect(ledger.absorb(low, of: sample.compilation, doubting: false) == 1)
        #expect(endpoints(ledger) == [53, 8])
        #expect(ledger.absorb(sample.reading([:]), of: sample.compilation, doubting: false) == 2)
        #expect(ledger.absorb(sample.reading(["web": [1: 1]]), of: sample.compilation, doubting: false) == 0)
        #expect(endpoints(ledger) == [54, 8])
        #expect(total(ledger) == 62)
    }

    @Test("keep the traffic of removed endpoints, and go on when they come back")
    func retirement() {
        var ledger = ledger
        let both = TrafficSample(services: ["web": [1, 2]])
        _ = ledger.absorb(both.reading(["web": [1: 5, 2: 7]]), of: both.compilation, doubting: true)
        // Two more have passed when the rule goes.
        ledger.absorbRemoved(both.reading(["web": [2: 9]]).nat, from: .nat, of: both.compilation)
        let one = TrafficSample(services: ["web": [1]])
        _ = ledger.absorb(one.reading(["web": [1: 6]]), of: one.compilation, doubting: true)
        #expect(endpoints(ledger) == [6, 9])
        #expect(ledger.ports[TrafficSample.name]?.endpoints.map { $0.retirement == nil } == [true, false])
        #expect(ledger.absorb(both.reading(["web": [1: 6, 2: 4]]), of: both.compilation, doubting: true) == 0)
        #expect(endpoints(ledger) == [6, 13])
        #expect(total(ledger) == 19)
        #expect(ledger.ports[TrafficSample.name]?.endpoints.allSatisfy { $0.retirement == nil } == true)
    }

    @Test("include an endpoint that came and went between two readings, and no foreign rule")
    func unread() {
        var ledger = ledger
        let sample = TrafficSample(services: ["web": [1]])
        var removed = sample.reading(["web": [1: 3]]).nat
        removed[CounterKey(chain: "DOCKER", verdict: .destinationNAT, protocolNumber: 6, address: nil, port: 80)] =
            RuleCounters(packets: 1000, bytes: 1000)
        ledger.absorbRemoved(removed, from: .nat, of: sample.compilation)
        #expect(endpoints(ledger) == [3])
        #expect(ledger.ports.count == 1)
    }

    @Test("that belong to no Service go on when rules are removed, and come back")
    func sumsOfAllServices() throws {
        var ledger = ledger
        func compilation(nodePorts: [UInt16], isLiberal: Bool = false) -> Compilation {
            let entries = nodePorts.map { nodePort in
                var port = ServicePort.sample("web-\(nodePort)")
                port.nodePort = nodePort
                return ServicePortEndpoints(servicePort: port, endpoints: [.sample(1, node: nil)])
            }
            return Compilation(
                ServiceSnapshot(family: .ipv4, servicePorts: entries),
                settings: CompilerSettings(
                    node: Node(name: "node-1"), usesAccounting: true, conntrackIsLiberal: isLiberal))
        }
        let both = compilation(nodePorts: [30001, 30002])
        let invalid = try #require(both.invalidPacketRules.first)
        let loopback = both.localhostNodePortRules
        #expect(loopback.map(\.port) == [30001, 30002])
        func count(_ packets: UInt64) -> RuleCounters { RuleCounters(packets: packets, bytes: packets * 40) }

        let reading = TrafficReading(
            nat: [loopback[0]: count(3), loopback[1]: count(5)], filter: [invalid: count(7)])
        #expect(ledger.absorb(reading, of: both, doubting: true) == 0)
        #expect([ledger.localhostNodePorts, ledger.invalidPackets].map(\.total) == [count(8), count(7)])

        // One more has passed each when they go.
        ledger.absorbRemoved([loopback[1]: count(6)], from: .nat, of: both)
        ledger.absorbRemoved([invalid: count(8)], from: .filter, of: both)
        let liberal = compilation(nodePorts: [30001], isLiberal: true)
        #expect(liberal.invalidPacketRules.isEmpty)
        #expect(ledger.absorb(TrafficReading(nat: [loopback[0]: count(3)]), of: liberal, doubting: true) == 0)
        #expect([ledger.localhostNodePorts, ledger.invalidPackets].map(\.total) == [count(9), count(8)])

        let again = TrafficReading(nat: [loopback[0]: count(4), loopback[1]: count(1)], filter: [invalid: count(2)])
        #expect(ledger.absorb(again, of: both, doubting: true) == 0)
        #expect([ledger.localhostNodePorts, ledger.invalidPackets].map(\.total) == [count(11), count(10)])
        #expect(ledger.absorb(TrafficReading(), of: both, doubting: true) == 3)
    }

    @Test("are forgotten with the Service, and those of endpoints removed first when there are too many")
    func bounds() {
        var ledger = TrafficLedger(retiredLimit: 20)
        let many = TrafficSample(services: ["web": Array(1...30), "other": [100]])
        let counts = Dictionary(uniqueKeysWithValues: (1...30).map { (UInt32($0), UInt64(1)) })
        _ = ledger.absorb(many.reading(["web": counts, "other": [100: 1]]), of: many.compilation, doubting: true)
        for gone in UInt32(1)...29 {
            let fewer = TrafficSample(services: ["web": Array((gone + 1)...30), "other": [100]])
            let reading = fewer.reading(["web": [30: 1], "other": [100: 1]])
            _ = ledger.absorb(reading, of: fewer.compilation, doubting: true)
            #expect(endpoints(ledger).count <= 20 + 30 - Int(gone))
        }
        #expect((19...21).contains(endpoints(ledger).count))
        #expect(ledger.ports[TrafficSample.name]?.endpoints.last?.address == IPAddress(ipv4: 0x0a00_0000 + 30))
        #expect(ledger.ports[TrafficSample.name]?.endpoints.first?.address != IPAddress(ipv4: 0x0a00_0000 + 1))
        #expect(total(ledger) == 30)

        let other = TrafficSample(services: ["other": [100]])
        var unread = ledger
        unread.forgetSurplus(of: other.compilation)
        #expect(unread.ports.keys.map(\.service) == ["other"])
        _ = ledger.absorb(other.reading(["other": [100: 1]]), of: other.compilation, doubting: true)
        #expect(ledger.ports.keys.map(\.service) == ["other"])
    }

    @Test("never go down and never exceed what passed, whatever happens to the rules")
    func randomHistory() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20 {
            var ledger = TrafficLedger(retiredLimit: 1000)
            var sample = TrafficSample(services: ["web": [1, 2, 3]])
            var shown: [UInt32: UInt64] = [:]
            var passed: UInt64 = 0
            var unseen: [UInt32: UInt64] = [:]
            var last: UInt64 = 0
            for _ in 0..<200 {
                let endpoints = sample.services["web"] ?? []
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    guard let endpoint = endpoints.randomElement(using: &random) else { break }
                    let count = UInt64.random(in: 1...5, using: &random)
                    shown[endpoint, default: 0] += count
                    passed += count
                    unseen[endpoint, default: 0] += count
                case 5, 6:
                    let reading = sample.reading(["web": shown])
                    if ledger.absorb(reading, of: sample.compilation, doubting: true) > 0 {
                        _ = ledger.absorb(reading, of: sample.compilation, doubting: false)
                    }
                    unseen = [:]
                case 7:
                    // The rule of an endpoint is replaced, or goes.
                    guard let endpoint = endpoints.randomElement(using: &random) else { break }
                    let removed = sample.reading(["web": [endpoint: shown[endpoint] ?? 0]]).nat
                    ledger.absorbRemoved(removed, from: .nat, of: sample.compilation)
                    shown[endpoint] = nil
                    unseen[endpoint] = nil
                    if random.chance(50) { sample.services["web"]?.removeAll { $0 == endpoint } }
                case 8:
                    let new = UInt32.random(in: 1...6, using: &random)
                    if !endpoints.contains(new) { sample.services["web"]?.append(new) }
                default:
                    // What passed since the last reading is lost with this.
                    shown = [:]
                    passed -= unseen.values.reduce(0, +)
                    unseen = [:]
                    _ = ledger.absorb(TrafficReading(), of: sample.compilation, doubting: false)
                }
                let now = total(ledger) ?? 0
                #expect(now >= last)
                #expect(now <= passed)
                last = now
            }
            _ = ledger.absorb(sample.reading(["web": shown]), of: sample.compilation, doubting: false)
            #expect(endpoints(ledger).reduce(0, +) == total(ledger) ?? 0)
        }
    }
}
