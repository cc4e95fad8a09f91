// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing
import XTables

@testable import ForeignRules

/// A node with a few Services, and foreign rules ahead of the rules for them.
struct SampleNode {
    let family: IPFamily

    /// Words of the cases, and what they stand for in each family.
    private static let words: [(name: String, ipv4: String, ipv6: String)] = [
        ("$CLUSTER_IP", "10.96.0.10", "fd00:96::10"), ("$DEAD_IP", "10.96.0.66", "fd00:96::66"),
        ("$SERVICES", "10.96.0.0/12", "fd00:96::/64"), ("$OTHER_IP", "10.96.7.7", "fd00:96::7:7"),
        ("$EXTERNAL_IP", "203.0.113.5", "2001:db8:5::5"), ("$VIP", "203.0.113.9", "2001:db8:5::9"),
        ("$NODE", "192.0.2.10", "2001:db8::10"), ("$POD", "10.244.1.5", "fd00:244::5"),
        ("$PODS", "10.244.0.0/16", "fd00:244::/64"), ("$CONTAINER", "172.17.0.2", "fd00:17::2"),
        ("$LOOPBACK", "127.0.0.0/8", "::1/128"),
    ]

    /// A text with the addresses of the family in it.
    func text(_ text: String) -> String {
        // Longer names first: one is the beginning of another.
        Self.words.sorted { $0.name.count > $1.name.count }.reduce(text) {
            $0.replacing($1.name, with: family == .ipv4 ? $1.ipv4 : $1.ipv6)
        }
    }

    private func address(_ name: String) throws -> IPAddress { try #require(IPAddress(text(name))) }

    private func servicePort(
        _ name: String, _ address: String, port: UInt16 = 80, endpoints: [(String, UInt16)] = [],
        change: (inout ServicePort) throws -> Void = { _ in }
    ) throws -> ServicePortEndpoints {
        var servicePort = ServicePort(
            name: ServicePortName(namespace: "default", service: name, port: "http", transport: .tcp),
            clusterIP: try self.address(address), port: port)
        try change(&servicePort)
        return ServicePortEndpoints(
            servicePort: servicePort,
            endpoints: try endpoints.map { Endpoint(address: try self.address($0), port: $1, nodeName: "node-2") })
    }

    func compilation() throws -> Compilation {
        let range = try #require(CIDR(text("$PODS")))
        let servicePorts = [
            try servicePort("web", "$CLUSTER_IP", endpoints: [("$POD", 8080)]) { port in
                port.nodePort = 30080
                port.externalIPs = [try address("$EXTERNAL_IP")]
                port.loadBalancerVIPs = [try address("$VIP")]
                port.loadBalancerSourceRanges = [range]
                port.healthCheckNodePort = 31000
            },
            try servicePort("dead", "$DEAD_IP", port: 81),
            // As the API server of a control plane node.
            try servicePort("api", "$OTHER_IP", port: 443, endpoints: [("$NODE", 6443)]),
        ]
        return Compilation(
            ServiceSnapshot(family: family, servicePorts: servicePorts),
            settings: CompilerSettings(
                node: Node(name: "node-1", addresses: [try address("$NODE")]),
                interfaceAddresses: [try address("$NODE"), .loopback(family)]))
    }

    /// What is found in a table.
    ///
    /// - Parameters:
    ///   - rules: the rules as iptables-save prints them; those of built-in chains stand ahead of all of our jumps, or behind
    ///     those that `OURS CHAIN` stands for.
    ///   - policies: those of chains that do not accept.
    func findings(
        _ table: Table, _ rules: String, dropping: Set<BuiltInChain> = []
    ) throws -> ForeignRuleCheck.Findings {
        let compilation = try compilation()
        return ForeignRuleCheck(compilation, localAddresses: [try address("$NODE"), .loopback(family)]).findings(
            [try ahead(table, rules, compilation, dropping)])
    }

    private func ahead(
        _ table: Table, _ rules: String, _ compilation: Compilation, _ dropping: Set<BuiltInChain>
    ) throws -> RulesAhead {
        var chains: [ChainName: [DecodedRule]] = [:]
        var steps: [BuiltInChain: [RulesAhead.Step]] = [:]
        for line in text(rules).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2)
            let name = try #require(ChainName(validating: words[1]))
            if let builtIn = BuiltInChain(rawValue: String(words[1])) {
                let step: RulesAhead.Step
                if words[0] == "OURS" {
                    step = .ours(try #require(ChainName(validating: words[2])))
                } else {
                    let rule = RuleWords.rule(words[2], family)
                    step = .foreign(rule, position: steps[builtIn, default: []].count + 1)
                }
                steps[builtIn, default: []].append(step)
            } else {
                chains[name, default: []].append(RuleWords.rule(words[2], family))
            }
        }
        let entrances = table.builtInChains.compactMap { chain -> RulesAhead.Entrance? in
            guard let foreign = steps[chain] else { return nil }
            let given = Set(foreign.compactMap { if case .ours(let chain) = $0 { chain } else { nil } })
            let ours = (compilation.ruleset[table].jumps[chain] ?? []).compactMap { rule -> ChainName? in
                guard case .jump(let chain) = rule.target, !given.contains(chain) else { return nil }
                return chain
            }
            return RulesAhead.Entrance(
                chain: chain, policy: dropping.contains(chain) ? .drop : .accept,
                steps: foreign + ours.map(RulesAhead.Step.ours))
        }
        return RulesAhead(table: table, family: family, entrances: entrances, chains: chains)
    }
}
