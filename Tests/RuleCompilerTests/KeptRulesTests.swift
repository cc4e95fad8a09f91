// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RandomClusters
import RuleEvaluation
import ServiceModel
import Testing
import XTables

@testable import RuleCompiler

/// What stays of a kernel's rules while the input cannot be read completely.
@Suite("Rules that are kept") struct KeptRulesTests {
    private static let node = Node(name: "here")

    private func address(_ text: String) -> IPAddress { IPAddress(text) ?? .any(.ipv4) }

    private func entry(
        _ name: String, _ address: String, _ endpoints: [String] = [], change: (inout ServicePort) -> Void = { _ in }
    ) -> ServicePortEndpoints {
        var servicePort = ServicePort(
            name: ServicePortName(namespace: "default", service: name, port: "", transport: .tcp),
            clusterIP: self.address(address), port: 80)
        change(&servicePort)
        return ServicePortEndpoints(
            servicePort: servicePort, endpoints: endpoints.map { Endpoint(address: self.address($0), port: 8080) })
    }

    private func compile(
        _ entries: [ServicePortEndpoints], _ settings: CompilerSettings = CompilerSettings(node: node),
        family: IPFamily = .ipv4
    ) -> Compilation {
        Compilation(ServiceSnapshot(family: family, servicePorts: entries), settings: settings)
    }

    /// What a kernel holds after a commit of these rules.
    private func held(_ ruleset: Ruleset) -> HeldRules {
        let tables = ruleset.tables.map { table in
            TableContent(
                table: table.table, family: ruleset.family,
                chains: table.chains.map { chain in
                    ChainContent(
                        name: chain.name, policy: nil,
                        rules: chain.rules.map { rule in
                            var rule = rule
                            rule.origin = .unknown
                            return CountedRule(.known(rule))
                        })
                })
        }
        return HeldRules(tables, family: ruleset.family)
    }

    @Test("of Services that the input does not name: all of them, at the same places", arguments: 0..<60)
    func roundTrip(seed: Int) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings()
        let family: IPFamily = draw.chance(50) ? .ipv4 : .ipv6
        var all = draw.snapshot(family, count: 12).servicePorts
        for index in all.indices {
            // Otherwise each claims what others have.
            if all[index].servicePort.healthCheckNodePort != nil {
                all[index].servicePort.healthCheckNodePort = 20_000 + UInt16(index)
            }
            if all[index].servicePort.nodePort != nil { all[index].servicePort.nodePort = 30_000 + UInt16(index) }
        }
        let desired = compile(all, settings, family: family).ruleset
        let readable = all.filter { _ in draw.chance(50) }
        var held = held(desired)
        _ = held.release(Set(readable.map(\.servicePort.name.serviceName)))
        held.prune()
        let compilation = compile(readable, settings, family: family)
        let kept = KeptRules(held, alongside: compilation)
        #expect(kept.added(to: compilation.ruleset).text() == desired.text())
        let missing = Set(all.map(\.servicePort.name.serviceName)).subtracting(
            readable.map(\.servicePort.name.serviceName))
        #expect(kept.services == missing.sorted())
        #expect(
            kept.ruleCount
                == desired.tables.reduce(0) { $0 + $1.ruleCount }
                - compilation.ruleset.tables.reduce(0) { $0 + $1.ruleCount })
    }

    /// Rules in trees of chains come back to other places, so what becomes of packets is compared.
    @Test(
        "in the flat layout do what they did, whichever layout the kernel had", arguments: 0..<4,
        [RuleLayoutKind.flat, .kubeProxy])
    func flat(seed: Int, former: RuleLayoutKind) throws {
        var draw = RandomSnapshot(seed: UInt64(seed))
        var settings = draw.settings(.flat)
        settings.affinityMode = .recent
        let all = draw.snapshot(.ipv4, count: 4).servicePorts
        let readable = seed == 0 ? [] : all.filter { _ in draw.chance(50) }
        let desired = compile(all, settings).ruleset
        var formerSettings = settings
        formerSettings.layout = former
        var held = held(compile(all, formerSettings).ruleset)
        _ = held.release(Set(readable.map(\.servicePort.name.serviceName)))
        held.prune()
        let compilation = compile(readable, settings)
        let kept = KeptRules(held, alongside: compilation).added(to: compilation.ruleset)
        let network = NodeNetwork(localAddresses: Set(settings.node.addresses.filter { $0.family == .ipv4 }))
        let result = try RulesetComparison(
            RuleEvaluator(desired), RuleEvaluator(kept), on: network, tolerance: .rounding
        ).run()
        #expect(result.difference == nil, "\(result.difference?.words ?? "")")
    }

    @Test("give way to a readable Service that claims their address or port, and only there")
    func conflict() {
        let old = entry("old", "10.96.0.1", ["10.0.0.1"]) {
            $0.externalIPs = [IPAddress("192.0.2.1")!]
            $0.nodePort = 30080
        }
        let held = held(compile([old]).ruleset)
        let taken = entry("new", "192.0.2.1", []) { $0.nodePort = 30080 }
        let compilation = compile([taken])
        let text = KeptRules(held, alongside: compilation).added(to: compilation.ruleset).text()
        #expect(
            text.contains(#"-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/old cluster IP""#))
        #expect(!text.contains("default/old external IP"))
        #expect(!text.contains(#"-A KUBE-NODEPORTS -p tcp -m comment --comment "default/old""#))
        #expect(text.contains(#"-d 192.0.2.1/32 -p tcp -m comment --comment "default/new has no endpoints""#))
        // Without a conflict both stay.
        let other = compile([entry("new", "10.96.0.2", ["10.0.0.9"])])
        #expect(KeptRules(held, alongside: other).ruleCount > KeptRules(held, alongside: compilation).ruleCount)
    }

    @Test("do not belong to a Service that the input names, whatever has become of it")
    func named() {
        var held = held(
            compile([entry("a", "10.96.0.1", ["10.0.0.1"]), entry("b", "10.96.0.2", ["10.0.0.2"])]).ruleset)
        let isFirst = held.release([ServiceName(name: "a")])
        let isSecond = held.release([ServiceName(name: "a"), ServiceName(name: "z")])
        #expect(isFirst && !isSecond)
        let kept = KeptRules(held, alongside: compile([]))
        #expect(kept.services == [ServiceName(name: "b")])
        #expect(kept.chainCount == 2 && kept.ruleCount == 4)
        _ = held.release([ServiceName(name: "b")])
        #expect(held.isEmpty && KeptRules(held, alongside: compile([])).isEmpty)
    }

    @Test("do not include what is no rule of a Service")
    func strange() {
        var ruleset = compile([]).ruleset
        ruleset.tables = ruleset.tables.map { table in
            TableRules(
                table: table.table, jumps: table.jumps,
                chains: table.chains.map { chain in
                    var chain = chain
                    chain.rules.insert(Rule(target: .drop), at: 0)
                    let address = AddressMatch(IPAddress("10.96.0.9")!)
                    chain.rules.insert(
                        Rule(
                            destination: address, transport: .tcp,
                            matches: [.transport(.tcp, destinationPort: 1)], target: .accept), at: 0)
                    return chain
                })
        }
        #expect(held(ruleset).isEmpty)
    }

    @Test("hold the endpoints of a readable Service whose slices cannot be read")
    func endpoints() {
        let full = entry("web", "10.96.0.1", ["10.0.0.1", "10.0.0.2"]) {
            $0.sessionAffinity = .clientIP(timeoutSeconds: 60)
        }
        let desired = compile([full]).ruleset
        var held = held(desired)
        _ = held.release([full.servicePort.name.serviceName])
        var bare = full
        bare.endpoints = []
        let supplemented = held.supplement(bare, localNode: "here")
        held.prune()
        #expect(compile([supplemented]).ruleset.text() == desired.text())
        #expect(held.endpointCount == 2)
        #expect(held.servicesWithEndpoints == [ServiceName(name: "web")])
        // One that a slice names, and then no longer, is gone.
        var named = bare
        named.endpoints = [full.endpoints[0]]
        let withBoth = held.supplement(named, localNode: "here")
        #expect(withBoth.endpoints.map(\.description) == ["10.0.0.1:8080", "10.0.0.2:8080"])
        let withOne = held.supplement(bare, localNode: "here")
        #expect(withOne.endpoints.map(\.description) == ["10.0.0.2:8080"])
    }

    @Test("remember which of them are on this node")
    func localEndpoints() {
        var full = entry("web", "10.96.0.1", ["10.0.0.1", "10.0.0.2"]) {
            $0.nodePort = 30080
            $0.externalTrafficPolicy = .local
        }
        full.endpoints[1].nodeName = "here"
        let desired = compile([full]).ruleset
        var held = held(desired)
        var bare = full
        bare.endpoints = []
        let supplemented = held.supplement(bare, localNode: "here")
        #expect(compile([supplemented]).ruleset.text() == desired.text())
    }
}
