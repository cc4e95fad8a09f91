// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import ServiceModel
import TestSupport
import Testing
import XTables

@testable import RuleCompiler

@Suite("How connections are spread") struct BalanceTests {
    private static func compiled(
        _ count: Int, _ layout: RuleLayoutKind, _ family: IPFamily = .ipv4, service: BalancePolicy? = nil,
        affinity: SessionAffinity = .none, _ change: (inout CompilerSettings) -> Void = { _ in }
    ) -> Compilation {
        let servicePort = ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
            clusterIP: family == .ipv4 ? IPAddress(ipv4: 0x0a60_0001) : IPAddress(ipv6High: 0xfd00_0096 << 32, low: 1),
            port: 80, sessionAffinity: affinity, balance: service)
        let entry = ServicePortEndpoints(servicePort: servicePort, endpoints: ClientHashTests.endpoints(count, family))
        var settings = CompilerSettings(node: Node(name: "n"), layout: layout)
        change(&settings)
        return Compilation(ServiceSnapshot(family: family, servicePorts: [entry]), settings: settings)
    }

    /// The rules of the chain that chooses, without their comments.
    private static func choice(_ compilation: Compilation) throws -> [Rule] {
        let chains = compilation.ruleset[.nat].chains
        let chain = try #require(chains.first { $0.name.description.hasPrefix("KUBE-SVC-") })
        return chain.rules.map { rule in
            var rule = rule
            rule.matches.removeAll { if case .comment = $0 { true } else { false } }
            return rule
        }
    }

    private static let counts = [1, 2, 3, 16, 17, 40]

    // MARK: Turns

    @Test(
        "by turns has one rule for each endpoint, of which the last takes the rest", arguments: RuleLayoutKind.allCases)
    func turnRules(layout: RuleLayoutKind) throws {
        for family in IPFamily.allCases {
            for count in Self.counts {
                let rules = try Self.choice(Self.compiled(count, layout, family, service: .roundRobin))
                let turns = rules.map { rule in
                    rule.matches.compactMap { if case .everyNth(let number) = $0 { number } else { nil } }
                }
                #expect(turns == (1...count).reversed().map { $0 > 1 ? [UInt32($0)] : [] })
            }
        }
    }

    /// Counts as the kernel does (`statistic_mt` of net/netfilter/xt_statistic.c), from what iptables writes for `--packet 0`.
    private struct Counter {
        var values: [Int: UInt32] = [:]

        mutating func matches(_ rule: Rule, at place: Int) -> Bool {
            for case .everyNth(let number) in rule.matches {
                let every = number - 1
                let old = values[place, default: every]
                values[place] = old == every ? 0 : old + 1
                return values[place] == 0
            }
            return true
        }
    }

    @Test("by turns takes one endpoint after the other, from the first on", arguments: RuleLayoutKind.allCases)
    func turns(layout: RuleLayoutKind) throws {
        for count in Self.counts {
            let rules = try Self.choice(Self.compiled(count, layout, service: .roundRobin))
            var counter = Counter()
            let chosen = try (0..<(3 * count)).map { _ in
                try #require(rules.indices.first { counter.matches(rules[$0], at: $0) })
            }
            #expect(chosen == (0..<(3 * count)).map { $0 % count })
        }
    }

    @Test("by turns gives each endpoint the share that it gets at random", arguments: RuleLayoutKind.allCases)
    func shares(layout: RuleLayoutKind) throws {
        for family in IPFamily.allCases {
            for count in Self.counts {
                let random = RuleEvaluator(Self.compiled(count, .kubeProxy, family).ruleset)
                let turns = RuleEvaluator(Self.compiled(count, layout, family, service: .roundRobin).ruleset)
                let result = try RulesetComparison(
                    random, turns, on: NodeNetwork(localAddresses: []), tolerance: .rounding
                ).run()
                #expect(result.difference == nil)
            }
        }
    }

    @Test(
        "by turns leaves remembered clients where they are, and decides for new ones",
        arguments: RuleLayoutKind.allCases)
    func rememberedClients(layout: RuleLayoutKind) throws {
        let rules = try Self.choice(
            Self.compiled(3, layout, service: .roundRobin, affinity: .clientIP(timeoutSeconds: 60)) {
                $0.affinityMode = .recent
            })
        let kinds = rules.map { rule in
            rule.matches.compactMap { match -> String? in
                switch match {
                case .recent(let recent): recent.action == .check(seconds: 60) ? "remembered" : "?"
                case .everyNth(let number): "every \(number)"
                case .random, .clients: "?"
                default: nil
                }
            }.joined()
        }
        #expect(kinds == ["remembered", "remembered", "remembered", "every 3", "every 2", ""])
    }

    // MARK: Hash

    @Test("by source has the rules of session affinity by hash", arguments: RuleLayoutKind.allCases)
    func hash(layout: RuleLayoutKind) {
        for family in IPFamily.allCases {
            for count in [1, 3, 40] {
                let affine = Self.compiled(count, layout, family, affinity: .clientIP(timeoutSeconds: 60)) {
                    $0.affinityMode = .hash
                }
                #expect(Self.compiled(count, layout, family, service: .sourceHash).ruleset == affine.ruleset)
            }
        }
    }

    @Test("changes nothing where a hash keeps clients at an endpoint", arguments: RuleLayoutKind.allCases)
    func hashAffinity(layout: RuleLayoutKind) {
        func compiled(_ policy: BalancePolicy?) -> Compilation {
            Self.compiled(3, layout, service: policy, affinity: .clientIP(timeoutSeconds: 60)) {
                $0.affinityMode = .hash
            }
        }
        for policy in BalancePolicy.allCases {
            #expect(compiled(policy).ruleset == compiled(nil).ruleset)
            #expect(compiled(policy).servicePorts.map(\.balance) == [.sourceHash])
        }
    }

    @Test("by source decides for new clients where lists remember the others", arguments: RuleLayoutKind.allCases)
    func hashForNewClients(layout: RuleLayoutKind) throws {
        let compilation = Self.compiled(40, layout, service: .sourceHash, affinity: .clientIP(timeoutSeconds: 60)) {
            $0.affinityMode = .recent
        }
        let rules = try Self.choice(compilation)
        #expect(rules.count == 80)
        #expect(rules.prefix(40).allSatisfy { $0.matches.contains { if case .recent = $0 { true } else { false } } })
        #expect(
            rules[40..<79].allSatisfy { $0.matches.contains { if case .clients = $0 { true } else { false } } })
        #expect(compilation.servicePorts.map(\.affinityMode) == [.recent])
        #expect(compilation.servicePorts.map(\.balance) == [.sourceHash])
    }

    @Test(
        "by source is at random where the kernel cannot hash clients, which is noted",
        arguments: RuleLayoutKind.allCases)
    func noHash(layout: RuleLayoutKind) {
        for family in IPFamily.allCases {
            let others = Set(IPFamily.allCases).subtracting([family])
            func compiled(_ policy: BalancePolicy?) -> Compilation {
                Self.compiled(3, layout, family, service: policy) { $0.hashesClients = others }
            }
            let hashed = compiled(.sourceHash)
            #expect(hashed.ruleset == compiled(nil).ruleset)
            #expect(hashed.servicePorts.map(\.missesSourceHash) == [true])
            #expect(hashed.servicePorts.map(\.balance) == [.random])
            for policy in [.roundRobin, .random, nil] as [BalancePolicy?] {
                #expect(compiled(policy).servicePorts.map(\.missesSourceHash) == [false])
            }
            let possible = Self.compiled(3, layout, family, service: .sourceHash) { $0.hashesClients = [family] }
            #expect(possible.servicePorts.map(\.missesSourceHash) == [false])
            #expect(possible.servicePorts.map(\.balance) == [.sourceHash])
        }
    }

    // MARK: Who decides

    @Test("is decided by the Service, and by the node where it is silent", arguments: BalancePolicy.allCases)
    func decision(node: BalancePolicy) {
        for service in BalancePolicy.allCases {
            let compilation = Self.compiled(3, .kubeProxy, service: service) { $0.balance = node }
            #expect(compilation.ruleset == Self.compiled(3, .kubeProxy, service: service).ruleset)
            #expect(compilation.servicePorts.map(\.balance) == [service])
        }
        let silent = Self.compiled(3, .kubeProxy) { $0.balance = node }
        #expect(silent.ruleset == Self.compiled(3, .kubeProxy, service: node).ruleset)
    }

    @Test("at random is what it is without a policy", arguments: RuleLayoutKind.allCases)
    func random(layout: RuleLayoutKind) {
        #expect(Self.compiled(40, layout, service: .random).ruleset == Self.compiled(40, layout).ruleset)
    }
}
