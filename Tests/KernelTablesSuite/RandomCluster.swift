// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Makes rulesets of the shape that kube-proxy writes, from a seed: the same seed, the same rulesets.
public struct RandomCluster {
    private var state: UInt64
    private let family: IPFamily

    /// Begins a sequence of rulesets.
    public init(seed: UInt64, family: IPFamily) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
        self.family = family
    }

    /// The first ruleset of a seed.
    public static func ruleset(seed: UInt64, family: IPFamily, services count: Int) -> Ruleset {
        var cluster = RandomCluster(seed: seed, family: family)
        return cluster.ruleset(services: count)
    }

    /// A number below `limit` (0 if that is 0).
    public mutating func random(_ limit: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return limit == 0 ? 0 : state % limit
    }

    /// A ruleset of `services` Service ports out of twice as many, with 0 to 6 endpoints each.
    public mutating func ruleset(services count: Int) -> Ruleset {
        var nat: [Chain] = [
            Chain(name: "KUBE-MARK-MASQ", rules: [Rule(target: .mark(xor: 0x4000, clearing: 0x4000))]),
            Chain(name: "KUBE-NODEPORTS"),
            Chain(
                name: "KUBE-POSTROUTING",
                rules: [
                    Rule(matches: [.mark(0, mask: 0x4000)], target: .return),
                    Rule(target: .mark(xor: 0x4000, clearing: 0)),
                    Rule(
                        matches: [.comment("kubernetes service traffic requiring SNAT")],
                        target: .masquerade(randomFully: true)),
                ]),
        ]
        var dispatch: [Rule] = []
        var refusals: [Rule] = []
        for number in 0..<count * 2 where random(2) == 0 {
            addService(number, &nat, &dispatch, &refusals)
        }
        dispatch.append(
            Rule(
                matches: [.comment("kubernetes service nodeports"), .localAddress(.destination)],
                target: .jump("KUBE-NODEPORTS")))
        nat.append(Chain(name: "KUBE-SERVICES", rules: dispatch))
        let filter = [
            Chain(name: "KUBE-SERVICES", rules: refusals), Chain(name: "KUBE-EXTERNAL-SERVICES"),
            Chain(name: "KUBE-NODEPORTS"), Chain(name: "KUBE-PROXY-FIREWALL"),
            Chain(name: "KUBE-FORWARD", rules: [Rule(matches: [.conntrack([.invalid])], target: .drop)]),
            Chain(
                name: "KUBE-FIREWALL",
                rules: [Rule(matches: [.comment("block incoming localnet connections")], target: .drop)]),
        ]
        return Ruleset(
            family: family,
            tables: [
                TableRules(table: .filter, jumps: Self.filterJumps, chains: filter),
                TableRules(table: .nat, jumps: Self.natJumps, chains: nat),
            ])
    }

    private mutating func addService(
        _ number: Int, _ nat: inout [Chain], _ dispatch: inout [Rule], _ refusals: inout [Rule]
    ) {
        let name = "ns/svc-\(number):p"
        let origin = Origin.servicePort(
            ServicePortOrigin(namespace: "ns", service: "svc-\(number)", port: "p", transport: .tcp))
        let address = AddressMatch(SampleRules.address(family, 1000 + number))
        let endpoints = (0..<6).filter { _ in random(2) == 0 }
        guard !endpoints.isEmpty else {
            refusals.append(
                Rule(
                    destination: address, transport: .tcp,
                    matches: [.comment("\(name) has no endpoints"), .transport(.tcp, destinationPort: 80)],
                    target: .rejectPortUnreachable, origin: origin))
            return
        }
        let isSticky = random(4) == 0
        let chain = ChainName(prefix: "KUBE-SVC-", suffix: Array("\(number)".utf8))
        dispatch.append(
            Rule(
                destination: address, transport: .tcp,
                matches: [.comment("\(name) cluster IP"), .transport(.tcp, destinationPort: 80)],
                target: .jump(chain), origin: origin))
        var rules: [Rule] = []
        for (place, endpoint) in endpoints.enumerated() {
            let target = ChainName(prefix: "KUBE-SEP-", suffix: Array("\(number)-\(endpoint)".utf8))
            let destination = SampleRules.address(family, 5000 + number * 10 + endpoint)
            if isSticky {
                rules.insert(
                    Rule(
                        matches: [
                            .comment("\(name) -> \(destination)"),
                            .recent(RecentMatch(list: target, action: .check(seconds: 10800))),
                        ], target: .jump(target), origin: origin), at: place)
            }
            let draw: [Match] =
                place < endpoints.count - 1 ? [.random(Probability(oneOutOf: endpoints.count - place))] : []
            rules.append(
                Rule(matches: [.comment("\(name) -> \(destination)")] + draw, target: .jump(target), origin: origin))
            let remember: [Match] = isSticky ? [.recent(RecentMatch(list: target, action: .set))] : []
            nat.append(
                Chain(
                    name: target,
                    rules: [
                        Rule(
                            source: AddressMatch(destination), matches: [.comment(name)],
                            target: .jump("KUBE-MARK-MASQ"), origin: origin),
                        Rule(
                            transport: .tcp, matches: [.comment(name)] + remember + [.transport(.tcp)],
                            target: .destinationNAT(destination, port: 8080), origin: origin),
                    ]))
        }
        nat.append(Chain(name: chain, rules: rules))
    }

    private static let filterJumps: [BuiltInChain: [Rule]] = {
        let new: Match = .conntrack([.new])
        func jump(_ chain: ChainName, _ comment: String, _ matches: [Match] = []) -> Rule {
            Rule(matches: matches + [.comment(comment)], target: .jump(chain))
        }
        let firewall = jump("KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", [new])
        let services = jump("KUBE-SERVICES", "kubernetes service portals", [new])
        let external = jump("KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", [new])
        let kubelet = Rule(target: .jump("KUBE-FIREWALL"))
        return [
            .input: [kubelet, firewall, jump("KUBE-NODEPORTS", "kubernetes health check service ports"), external],
            .forward: [firewall, jump("KUBE-FORWARD", "kubernetes forwarding rules"), services, external],
            .output: [kubelet, firewall, services],
        ]
    }()

    private static let natJumps: [BuiltInChain: [Rule]] = {
        let services = Rule(matches: [.comment("kubernetes service portals")], target: .jump("KUBE-SERVICES"))
        let postrouting = Rule(
            matches: [.comment("kubernetes postrouting rules")], target: .jump("KUBE-POSTROUTING"))
        return [.prerouting: [services], .output: [services], .postrouting: [postrouting]]
    }()
}
