// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import RuleCompiler
import RuleEvaluation
import TestSupport
import Testing
import XTables

/// What the evaluation of rules expects, compared with what a kernel does with real packets.
@Suite("Real packets", .needsKernel) struct RuleEvaluationKernelTests {
    /// Clusters, and packets for each.
    private static let (clusterCount, packetCount) = (100, 24)

    @Test("have one of the outcomes that the evaluation of the rules expects", arguments: RuleLayoutKind.allCases)
    func outcomes(layout: RuleLayoutKind) throws {
        var lab = try PacketLab()
        var random = SeededGenerator(seed: 14)
        var counts: [String: Int] = [:]
        for seed in 0..<Self.clusterCount {
            let family: IPFamily = seed % 2 == 0 ? .ipv4 : .ipv6
            let cluster = try RandomCluster(seed: 2000 + seed, serviceCount: 8)
            let options = cluster.options + ["--ip-family", family.rawValue, "--rule-layout", layout.rawValue]
            let text = try Subprocess.check([Repository.tool, "compile", "-f", "-"] + options, input: cluster.text())
            let ruleset = try Ruleset(saveText: text, family: family)
            try lab.apply(cluster.text(), options)

            let destinations = Destinations(ruleset)
            let packets = (0..<Self.packetCount).map { _ in
                let (destination, transport) = destinations.pick(&random)
                return lab.packet(to: destination, transport, &random)
            }
            let rules = RuleEvaluator(ruleset)
            for (packet, observed) in zip(packets, try lab.send(packets)) {
                let expected = try rules.evaluate(packet, on: PacketLab.network)
                #expect(
                    expected.branches.contains { !$0.share.isNone && observed.agrees(with: $0.outcome, packet) },
                    "cluster \(2000 + seed): \(packet): \(observed), expected: \(expected.outcomes)")
                counts[Self.kind(packet, observed), default: 0] += 1
            }
        }
        print(counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
        #expect(counts.values.reduce(0, +) >= 2000)
        // Each kind of outcome must be among them.
        for kind in ["translated", "masqueraded", "passed", "refused", "silent"] {
            #expect(counts.contains { $0.key.hasSuffix(kind) && $0.value >= 20 }, "\(kind)")
        }
    }

    private static func kind(_ packet: Packet, _ observed: ObservedPacket) -> String {
        let transport = packet.transport?.rawValue ?? ""
        guard let connection = observed.connection else {
            return "\(transport) \(observed.senderResult == "sent" ? "silent" : "refused")"
        }
        if connection.answered.address != packet.source { return "\(transport) masqueraded" }
        let isTranslated = connection.destination != AddressPort(packet.destination, packet.destinationPort ?? 0)
        return "\(transport) \(isTranslated ? "translated" : "passed")"
    }

    /// The largest sum that two degrees of freedom have by chance once in a million runs: −2 ln 10⁻⁶.
    private static let limit = 27.63

    @Test("are shared among endpoints as the evaluation expects")
    func shares() throws {
        var lab = try PacketLab()
        let fixture = Fixture(folder: Repository.fixtures.appending(path: "walkthrough"))
        try lab.apply(String(contentsOfFile: fixture.objects, encoding: .utf8), fixture.options)
        let rules = RuleEvaluator(try Ruleset(saveText: fixture.expected, family: .ipv4))
        let service = try #require(AddressPort("10.108.102.12:80"))
        let client = try #require(IPAddress("192.168.50.20"))
        var counts: [AddressPort: Int] = [:]
        var expected: [OutcomeShare] = []
        var random = SeededGenerator(seed: 3)
        for _ in 0..<3 {
            let packets = (0..<1000).map { _ -> Packet in
                var packet = lab.packet(to: service, .tcp, &random)
                packet.source = client
                packet.origin = .network(interface: "eth0")
                return packet
            }
            expected = try rules.evaluate(packets[0], on: PacketLab.network).outcomes
            for observed in try lab.send(packets) {
                if let destination = observed.connection?.destination { counts[destination, default: 0] += 1 }
            }
        }
        let total = counts.values.reduce(0, +)
        #expect(total == 3000 && expected.count == 3)
        let deviation = expected.reduce(0.0) { sum, outcome in
            let mean = outcome.share.approximation * Double(total)
            let count = outcome.outcome.newDestination.flatMap { counts[$0] } ?? 0
            return sum + (Double(count) - mean) * (Double(count) - mean) / mean
        }
        #expect(deviation < Self.limit, "\(counts)")
    }
}

/// Where packets go that rules ask for, and some that none does.
private struct Destinations {
    private var all: [(AddressPort, TransportProtocol)] = []
    private let family: IPFamily

    init(_ ruleset: Ruleset) {
        family = ruleset.family
        let local = ["192.168.50.10", "192.168.60.10", "fd00:50::10"].compactMap { IPAddress($0) }.filter {
            $0.family == ruleset.family
        }
        for rule in ruleset.tables.flatMap(\.chains).flatMap(\.rules) {
            guard let front = FrontEnd(rule) else { continue }
            for address in front.address.map({ [$0] }) ?? local {
                all.append((AddressPort(address, front.port), front.transport))
            }
        }
    }

    func pick(_ random: inout SeededGenerator) -> (AddressPort, TransportProtocol) {
        let elsewhere = AddressPort(
            family == .ipv4 ? IPAddress(ipv4: 0x0a60_0001) : IPAddress(ipv6High: 0xfd00_0096 << 32, low: 99), 80)
        guard var (destination, transport) = all.isEmpty ? nil : random.pick(all), random.chance(90) else {
            return (elsewhere, random.pick(TransportProtocol.allCases))
        }
        if random.chance(10) { destination.port += 1 }
        if random.chance(5) { transport = random.pick(TransportProtocol.allCases) }
        return (destination, transport)
    }
}
