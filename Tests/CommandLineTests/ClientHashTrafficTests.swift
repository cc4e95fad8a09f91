// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import TestSupport
import Testing
import XTables

/// Real packets of many clients, for which a hash of their address chooses the endpoint.
@Suite("Many clients of a Service that chooses by their address", .needsKernel) struct ClientHashTrafficTests {
    /// What asks for the hash.
    enum Reason: String, CaseIterable {
        case sessionAffinity
        case balance

        var annotation: String {
            switch self {
            case .sessionAffinity: "kubetables.io/session-affinity-mode: hash"
            case .balance: "kubetables.io/balance: source-hash"
            }
        }
    }

    private static let clientCount = 240
    /// More than IPv4 has shares of.
    private static let endpointCount = 40

    private static func service(_ family: IPFamily) -> AddressPort? {
        AddressPort(family == .ipv4 ? "10.96.0.80:80" : "[fd00:96::80]:80")
    }

    private static func cluster(_ family: IPFamily, _ reason: Reason, others: Int) -> String {
        let prefix = family == .ipv4 ? "10.244.1." : "fd00:244::1:"
        let endpoints = (0..<endpointCount).map { "{addresses: [\"\(prefix)\(10 + $0)\"]}" }
        let address = family == .ipv4 ? "10.96.0.80" : "fd00:96::80"
        let affinity = reason == .sessionAffinity ? "sessionAffinity: ClientIP, " : ""
        let web = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, annotations: {\(reason.annotation)}}
            spec: {\(affinity)clusterIP: "\(address)", ipFamilies: [\(family.kubernetesName)], ports: [{port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web, labels: {kubernetes.io/service-name: web}}
            addressType: \(family.kubernetesName)
            ports: [{port: 8080}]
            endpoints: [\(endpoints.joined(separator: ", "))]

            """
        let others = (0..<others).map { number in
            """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: other-\(number)}
            spec: {clusterIP: "\(family == .ipv4 ? "10.96.1.\(number + 1)" : "fd00:96::1:\(number + 1)")", ports: [{port: 80}]}

            """
        }
        return web + others.joined()
    }

    private static func clients(_ family: IPFamily) -> [IPAddress] {
        var random = SeededGenerator(seed: 20)
        return (0..<clientCount).map { number in
            // Half of them are random, half consecutive.
            let host = number % 2 == 0 ? random.next() : UInt64(number)
            switch family {
            case .ipv4: return IPAddress(ipv4: 0x6440_0000 | UInt32(host & 0x3f_ffff))
            case .ipv6: return IPAddress(ipv6High: 0x2001_0db8_000a_0000 | (random.next() & 0xffff), low: host)
            }
        }
    }

    /// The endpoint that each client comes to by a node's rules; twice, and as the evaluation of the rules expects.
    private func choices(
        _ family: IPFamily, _ reason: Reason, _ layout: RuleLayoutKind, node: String, others: Int
    ) throws -> [IPAddress: AddressPort] {
        let lab = try PacketLab()
        try lab.allowManyClients()
        let cluster = Self.cluster(family, reason, others: others)
        let options = [
            "--hostname-override", node, "--node-ip", "192.168.50.10,fd00:50::10", "--ip-family", family.rawValue,
            "--rule-layout", layout.rawValue,
        ]
        try lab.apply(cluster, options)
        let text = try Subprocess.check([Repository.tool, "compile", "-f", "-"] + options, input: cluster)
        let rules = RuleEvaluator(try Ruleset(saveText: text, family: family))
        let service = try #require(Self.service(family))
        let packets = Self.clients(family).flatMap { client in
            ([40_000, 40_001] as [UInt16]).map { port in
                Packet(from: client, port: port, to: service, .tcp, origin: .network(interface: "eth0"))
            }
        }
        var choices: [IPAddress: AddressPort] = [:]
        for (packet, observed) in zip(packets, try lab.send(packets)) {
            // A busy machine may be too late with one.
            guard let endpoint = observed.connection?.destination else { continue }
            let expected = try rules.evaluate(packet, on: PacketLab.network).outcomes
            #expect(expected.count == 1, "\(packet.source): no chance about it")
            #expect(endpoint == expected.first?.outcome.newDestination, "\(packet.source)")
            let other = choices.updateValue(endpoint, forKey: packet.source)
            #expect(other == nil || other == endpoint, "\(packet.source): one endpoint for all connections")
        }
        return choices
    }

    @Test(
        "has each come to one endpoint, on all nodes and in both layouts, and all endpoints be used",
        arguments: IPFamily.allCases, Reason.allCases)
    func choices(family: IPFamily, reason: Reason) throws {
        let first = try choices(family, reason, .kubeProxy, node: "node-1", others: 0)
        let second = try choices(family, reason, .flat, node: "node-2", others: 3)
        let both = Set(first.keys).intersection(second.keys)
        #expect(both.count >= 200 && both.allSatisfy { first[$0] == second[$0] })
        let counts = Dictionary(first.values.map { ($0, 1) }, uniquingKeysWith: +)
        // Six clients for each on the average: by chance an endpoint gets none once in 400 times, and hardly ever 20 or more.
        #expect(counts.count >= Self.endpointCount - 3 && counts.values.allSatisfy { $0 < 20 }, "\(counts)")
    }
}
