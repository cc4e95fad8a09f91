// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing
import XTables

/// The choice by the hash of an IPv6 client's address, which is our own, so its quality is ours to prove.
@Suite("The hash of an IPv6 client's address") struct IPv6ClientHashTests {
    /// What the rules ask for of one endpoint after the other; the last one gets all other clients.
    private static func shares(_ endpoints: [Endpoint]) throws -> [ClientShare] {
        let servicePort = ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
            clusterIP: IPAddress(ipv6High: 0xfd00_0096 << 32, low: 1), port: 80, balance: .sourceHash)
        let entry = ServicePortEndpoints(servicePort: servicePort, endpoints: endpoints)
        let settings = CompilerSettings(node: Node(name: "n"), layout: .flat)
        let rules = Compilation(ServiceSnapshot(family: .ipv6, servicePorts: [entry]), settings: settings).ruleset
        let chain = try #require(rules[.nat].chains.first { $0.name.description.hasPrefix("KUBE-SVC-") })
        return chain.rules.flatMap(\.matches).compactMap { if case .clients(let share) = $0 { share } else { nil } }
    }

    private static func endpoints(_ count: Int) -> [Endpoint] { ClientHashTests.endpoints(count, .ipv6) }

    /// The place of the endpoint that a client gets.
    private static func choice(_ shares: [ClientShare], _ client: IPAddress) -> Int {
        shares.firstIndex { contains($0, client) } ?? shares.count
    }

    private static func contains(_ share: ClientShare, _ client: IPAddress) -> Bool {
        (UInt64(ClientHashProgram.hash(client, seed: share.seed)) * UInt64(share.count)) >> 32 == 0
    }

    /// How far counts are from even ones, in deviations of chi-squared (Wilson and Hilferty's approximation).
    private static func deviation(_ counts: [Int]) -> Double {
        let mean = Double(counts.reduce(0, +)) / Double(counts.count)
        let sum = counts.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
        let freedom = Double(counts.count - 1)
        let spread = 2 / (9 * freedom)
        return (cubeRoot(sum / freedom) - (1 - spread)) / spread.squareRoot()
    }

    private static func cubeRoot(_ value: Double) -> Double {
        var root = max(value, 1)
        for _ in 0..<60 { root -= (root * root * root - value) / (3 * root * root) }
        return root
    }

    /// Exceeded by chance once in three million times.
    private static let limit = 5.0

    /// The most endpoints take long, so they are tried with two kinds of clients only.
    private static let cases = Clients.allCases.flatMap { clients in
        ([2, 10, 33] + ([.random, .consecutive].contains(clients) ? [200] : [])).map { (clients, $0) }
    }

    @Test("spreads 100,000 random and 65,536 other clients evenly", arguments: cases)
    func spread(clients: Clients, count: Int) throws {
        let shares = try Self.shares(Self.endpoints(count))
        #expect(shares.map(\.count) == (2...count).reversed())
        var counts = [Int](repeating: 0, count: count)
        for client in clients.addresses(clients == .random ? 100_000 : 65_536, .ipv6) {
            counts[Self.choice(shares, client)] += 1
        }
        let deviation = Self.deviation(counts)
        #expect(deviation < Self.limit, "\(clients), \(count) endpoints: \(deviation)")
    }

    @Test("makes a choice for each seed that has nothing to do with others", arguments: Clients.allCases)
    func seeds(clients: Clients) {
        let addresses = clients.addresses(20_000, .ipv6)
        let seed: UInt32 = 0x1234_5678
        for other in [seed + 1, seed ^ 0x8000_0000, seed ^ 0x0001_0000, ~seed, 0, 0xdead_beef] {
            var counts = [Int](repeating: 0, count: 16)
            for client in addresses {
                let fourths = [seed, other].map { Int(ClientHashProgram.hash(client, seed: $0) >> 30) }
                counts[fourths[0] * 4 + fourths[1]] += 1
            }
            let deviation = Self.deviation(counts)
            #expect(deviation < Self.limit, "\(clients), seed \(other): \(deviation)")
        }
    }

    @Test("moves two out of n clients on the average when an endpoint goes or comes", arguments: [2, 5, 10, 50])
    func moves(count: Int) throws {
        let endpoints = Self.endpoints(count)
        let all = try Self.shares(endpoints)
        for clients in [Clients.random, .consecutive] {
            let addresses = clients.addresses(4000, .ipv6)
            let before = addresses.map { Self.choice(all, $0) }
            var moved = 0
            for removed in 0..<count {
                var left = endpoints
                left.remove(at: removed)
                let shares = try Self.shares(left)
                moved += zip(addresses, before).count { client, before in
                    let after = Self.choice(shares, client)
                    return (after < removed ? after : after + 1) != before
                }
            }
            // Of all endpoints, each in turn: two out of n, less one out of n².
            let average = Double(moved) / Double(count * addresses.count)
            #expect(average <= 2 / Double(count), "\(clients), \(count) endpoints: \(average)")
        }
    }
}
