// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import TestSupport
import Testing
import XTables

/// Session affinity by a hash of the client's address, in both layouts.
@Suite("A hash of the client's address") struct ClientHashTests {
    private static let service = AddressPort(IPAddress(ipv4: 0x0a60_0001), 80)
    private static let service6 = AddressPort(IPAddress(ipv6High: 0xfd00_0096 << 32, low: 1), 80)

    static func endpoints(_ count: Int, _ family: IPFamily) -> [Endpoint] {
        (0..<count).map { number in
            switch family {
            case .ipv4: Endpoint(address: IPAddress(ipv4: 0x0af4_0000 + UInt32(number * 7 + 1)), port: 8080)
            case .ipv6:
                Endpoint(address: IPAddress(ipv6High: 0xfd00_0244 << 32, low: UInt64(number * 7 + 1)), port: 8080)
            }
        }
    }

    private static func ruleset(
        _ endpoints: [Endpoint], _ layout: RuleLayoutKind, _ family: IPFamily = .ipv4,
        affinity: SessionAffinity = .clientIP(timeoutSeconds: 100), mode: AffinityMode? = .hash,
        hashed: Set<IPFamily> = [.ipv4, .ipv6]
    ) -> Ruleset {
        let servicePort = ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
            clusterIP: family == .ipv4 ? service.address : service6.address, port: 80, sessionAffinity: affinity)
        let snapshot = ServiceSnapshot(
            family: family, servicePorts: [ServicePortEndpoints(servicePort: servicePort, endpoints: endpoints)])
        var settings = CompilerSettings(node: Node(name: "n"), layout: layout)
        settings.affinityMode = mode
        settings.hashesClients = hashed
        return Compilation(snapshot, settings: settings).ruleset
    }

    @Test(
        "gives each endpoint its share of the clients", arguments: [1, 2, 3, 17, 32, 40],
        RuleLayoutKind.allCases)
    func shares(count: Int, layout: RuleLayoutKind) throws {
        for family in IPFamily.allCases {
            let endpoints = Self.endpoints(count, family)
            let network = NodeNetwork(localAddresses: [])
            let hashed = RuleEvaluator(Self.ruleset(endpoints, layout, family))
            let drawn = RuleEvaluator(Self.ruleset(endpoints, .kubeProxy, family, affinity: .none))
            let result = try RulesetComparison(drawn, hashed, on: network, tolerance: .clientRounding).run()
            #expect(result.difference == nil)
        }
    }

    @Test("needs no chain for a smaller share in IPv6", arguments: RuleLayoutKind.allCases)
    func chains(layout: RuleLayoutKind) {
        func chainCount(_ count: Int, _ family: IPFamily) -> Int {
            Self.ruleset(Self.endpoints(count, family), layout, family)[.nat].chains.count {
                $0.name.description.hasPrefix("KUBE-SVH-")
            }
        }
        #expect(chainCount(32, .ipv4) == 0 && chainCount(40, .ipv4) == 8 && chainCount(200, .ipv6) == 0)
    }

    /// Which endpoint each client gets, in the order of the clients.
    private func choices(
        _ count: Int, without: Int? = nil, _ family: IPFamily, clients: [IPAddress]
    ) throws -> [IPAddress] {
        var endpoints = Self.endpoints(count, family)
        if let without { endpoints.remove(at: without) }
        let evaluator = RuleEvaluator(Self.ruleset(endpoints, .flat, family))
        let service = family == .ipv4 ? Self.service : Self.service6
        let network = NodeNetwork(localAddresses: [])
        return try clients.map { client in
            let packet = Packet(
                from: client, port: 40_000, to: service, .tcp, origin: .network(interface: "eth0"))
            let outcomes = try evaluator.evaluate(packet, on: network, recordsPath: false).outcomes
            // One endpoint, and no chance about it.
            #expect(outcomes.count == 1)
            return try #require(outcomes.first?.outcome.newDestination?.address)
        }
    }

    /// A sum that is exceeded by chance once in a million: mean and deviation of chi-squared, and five deviations.
    private static func limit(_ freedom: Int) -> Double {
        Double(freedom) + 5 * (2 * Double(freedom)).squareRoot() + 12
    }

    /// More IPv6 endpoints and clients are tried without the evaluation of rules (``IPv6ClientHashTests``), which takes longer.
    @Test(
        "spreads clients evenly, random and consecutive ones",
        arguments: [(2, IPFamily.ipv4), (7, .ipv4), (40, .ipv4), (120, .ipv4), (7, .ipv6), (40, .ipv6)])
    func spread(count: Int, family: IPFamily) throws {
        for clients in [Clients.random, .consecutive].map({ $0.addresses(count * 60, family) }) {
            var counts: [IPAddress: Int] = [:]
            for choice in try choices(count, family, clients: clients) { counts[choice, default: 0] += 1 }
            let mean = Double(clients.count) / Double(count)
            let deviation = Self.endpoints(count, family).reduce(0.0) { sum, endpoint in
                let difference = Double(counts[endpoint.address] ?? 0) - mean
                return sum + difference * difference / mean
            }
            #expect(deviation < Self.limit(count - 1), "\(count) endpoints: \(deviation)")
        }
    }

    /// The clients of the endpoint, and those that the endpoints before it take: 1/(R − 1) of n-ths for each R that is left.
    @Test("moves few clients when an endpoint goes", arguments: [2, 5, 10, 33, 50], IPFamily.allCases)
    func moves(count: Int, family: IPFamily) throws {
        let clients = Clients.random.addresses(1000, family)
        let before = try choices(count, family, clients: clients)
        for removed in Set([0, count / 2, count - 1]) {
            let after = try choices(count, without: removed, family, clients: clients)
            let moved = zip(before, after).count { $0 != $1 }
            let taken = (0..<removed).reduce(0.0) { $0 + 1 / Double(count - $1 - 1) }
            let expected = (1 + taken) / Double(count) * Double(clients.count)
            #expect(Double(moved) <= expected + 4 * expected.squareRoot(), "\(moved) of \(clients.count)")
        }
    }

    @Test("is what a Service asks for, or the node, or the layout")
    func modes() {
        func usesLists(
            _ layout: RuleLayoutKind, _ mode: AffinityMode?, _ family: IPFamily = .ipv4,
            _ hashed: Set<IPFamily> = [.ipv4, .ipv6]
        ) -> Bool {
            let ruleset = Self.ruleset(Self.endpoints(2, family), layout, family, mode: mode, hashed: hashed)
            return ruleset[.nat].chains.flatMap(\.rules).contains { rule in
                rule.matches.contains { if case .recent = $0 { true } else { false } }
            }
        }
        #expect(usesLists(.kubeProxy, nil) && !usesLists(.kubeProxy, .hash) && usesLists(.kubeProxy, .recent))
        #expect(!usesLists(.flat, nil) && !usesLists(.flat, .hash) && usesLists(.flat, .recent))
        #expect(!usesLists(.flat, nil, .ipv6) && !usesLists(.kubeProxy, .hash, .ipv6))
        #expect(usesLists(.kubeProxy, nil, .ipv6) && usesLists(.flat, .recent, .ipv6))
        let without: [IPFamily: Set<IPFamily>] = [.ipv4: [.ipv6], .ipv6: [.ipv4]]
        for (family, hashed) in without {
            #expect(usesLists(.flat, nil, family, hashed) && usesLists(.kubeProxy, .hash, family, hashed))
        }
    }
}
