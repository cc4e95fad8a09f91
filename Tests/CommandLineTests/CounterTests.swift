// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import TestSupport
import Testing

/// What real packets leave in the counters of rules, and what becomes of it when something else changes.
@Suite(.needsKernel, .serialized) struct CounterTests {
    /// Two Services: one that stays as it is, and one whose endpoints change.
    private struct Cluster {
        let family: IPFamily
        /// The last numbers of the addresses of the endpoints that change.
        var changing: [Int]

        static let steadyPod = 11
        static let pods = [steadyPod, 12, 13, 14]

        func pod(_ number: Int) -> String {
            switch family {
            case .ipv4: "10.244.1.\(number)"
            case .ipv6: "fd00:10:244::1:\(number)"
            }
        }

        private func clusterIP(_ number: Int) -> String {
            switch family {
            case .ipv4: "10.96.0.\(number)"
            case .ipv6: "fd00:10:96::\(number)"
            }
        }

        func end(_ number: Int) -> String {
            switch family {
            case .ipv4: "\(clusterIP(number)):80"
            case .ipv6: "[\(clusterIP(number))]:80"
            }
        }

        var manifest: String { service("steady", 1, [Self.steadyPod]) + service("changing", 2, changing) }

        private func service(_ name: String, _ number: Int, _ pods: [Int]) -> String {
            """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: \(name), namespace: default}
            spec: {clusterIP: "\(clusterIP(number))", ipFamilies: [\(family.kubernetesName)], ports: [{port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name)-1, namespace: default, labels: {kubernetes.io/service-name: \(name)}}
            addressType: \(family.kubernetesName)
            endpoints: [\(pods.map { "{addresses: [\"\(pod($0))\"]}" }.joined(separator: ", "))]
            ports: [{port: 80}]

            """
        }
    }

    private func apply(_ cluster: Cluster, _ lab: Lab) throws {
        try lab.run(
            "node",
            [Repository.tool, "apply", "--prune", "--allow-empty", "-f", "-"]
                + ["--ip-family", cluster.family.rawValue, "--lock-wait", "60"],
            input: cluster.manifest)
    }

    /// The counters when the last packets of closed connections have come through.
    private func counters(_ family: IPFamily, _ lab: Lab) throws -> CountedRules {
        let save = family == .ipv4 ? "iptables-legacy-save" : "ip6tables-legacy-save"
        var last = CountedRules(try lab.run("node", [save, "--counters"]))
        for _ in 0..<100 {
            usleep(50_000)
            let next = CountedRules(try lab.run("node", [save, "--counters"]))
            if next == last { break }
            last = next
        }
        return last
    }

    @Test(arguments: IPFamily.allCases) func rulesThatStayKeepWhatTheyHaveCounted(family: IPFamily) throws {
        let lab = try Lab(pods: Cluster.pods.map { "pod-\($0)=10.244.1.\($0)" } + ["client-pod=10.244.1.5"])
        for pod in Cluster.pods { try lab.serve("pod-\(pod)", port: 80) }
        var cluster = Cluster(family: family, changing: [12, 13])
        try apply(cluster, lab)
        #expect(try lab.ask("client-pod", cluster.end(1), count: 10) == ["pod-11": 10])
        #expect(try lab.ask("client-pod", cluster.end(2), count: 30).values.reduce(0, +) == 30)

        let counted = try counters(family, lab)
        #expect(counted.packets("-A KUBE-SERVICES", "\"default/steady cluster IP\"") == 10)
        #expect(counted.packets("default/steady ->") == 10)
        #expect(counted.packets("\"default/steady\"", "-j DNAT") == 10)
        #expect(counted.packets("\"default/changing\"", "-j DNAT") == 30)
        #expect(counted.policies.filter { $0.value.packets > 0 }.count >= 2, "\(counted.policies)")

        // One endpoint makes room for another: nat only.
        cluster.changing = [12, 14]
        let balancing = try #require(counted.chain("default/changing ->", cluster.pod(12)))
        let left = try #require(counted.chain("-j DNAT", cluster.pod(13)))
        try apply(cluster, lab)
        let moved = try counters(family, lab)
        let entered = try #require(moved.chain("-j DNAT", cluster.pod(14)))
        #expect(moved.chains.subtracting(counted.chains) == [entered])
        #expect(counted.chains.subtracting(moved.chains) == [left])
        #expect(moved.chainsWithRules(missingIn: counted) == [balancing, entered])
        #expect(counted.chainsWithRules(missingIn: moved) == [balancing, left])
        moved.expectNothingForgotten(of: counted)

        // The last endpoints go: nat loses chains, and filter gets a rule that refuses.
        try #require(try lab.ask("client-pod", cluster.end(2), count: 30).values.reduce(0, +) == 30)
        let before = try counters(family, lab)
        cluster.changing = []
        try apply(cluster, lab)
        let emptied = try counters(family, lab)
        #expect(emptied.chains.subtracting(before.chains).isEmpty)
        #expect(emptied.chainsWithRules(missingIn: before) == ["filter KUBE-SERVICES"])
        #expect(before.chainsWithRules(missingIn: emptied).contains("nat KUBE-SERVICES"))
        #expect(emptied.packets("\"default/steady\"", "-j DNAT") == 10)
        emptied.expectNothingForgotten(of: before)
    }
}

/// What `iptables-save --counters` tells, as a value.
private struct CountedRules: Equatable {
    struct Counters: Equatable {
        var packets: UInt64
        var bytes: UInt64
    }

    /// By table and rule, such as `nat -A KUBE-SERVICES …`.
    private(set) var rules: [String: Counters] = [:]
    /// Of built-in chains, by table and chain.
    private(set) var policies: [String: Counters] = [:]
    /// Chains that are not built in, as `nat KUBE-SERVICES`.
    private(set) var chains: Set<String> = []

    init(_ text: String) {
        var table = ""
        for line in text.split(separator: "\n") {
            switch line.first {
            case "*": table = String(line.dropFirst())
            case ":":
                let words = line.dropFirst().split(separator: " ")
                let chain = "\(table) \(words[0])"
                if words[1] == "-" { chains.insert(chain) } else { policies[chain] = Self.counters(words[2]) }
            case "[":
                let rule = line.drop { $0 != "-" }
                rules["\(table) \(rule)"] = Self.counters(line.prefix { $0 != " " })
            default: break
            }
        }
    }

    /// Reads `[PACKETS:BYTES]`.
    private static func counters(_ text: Substring) -> Counters {
        let numbers = text.dropFirst().dropLast().split(separator: ":").compactMap { UInt64($0) }
        return Counters(packets: numbers[0], bytes: numbers[1])
    }

    private func rules(_ parts: [String]) -> [String] {
        rules.keys.filter { rule in parts.allSatisfy(rule.contains) }
    }

    /// The packets that rules with all these parts have seen together; but for those that only masquerade.
    func packets(_ parts: String...) -> UInt64 {
        rules(parts).filter { !$0.hasSuffix("-j KUBE-MARK-MASQ") }.reduce(0) { $0 + (rules[$1]?.packets ?? 0) }
    }

    /// The chain with the only rule that has all these parts.
    func chain(_ parts: String...) -> String? {
        let found = rules(parts)
        return found.count == 1 ? Self.chain(of: found[0]) : nil
    }

    private static func chain(of rule: String) -> String {
        let words = rule.split(separator: " ", maxSplits: 3)
        return "\(words[0]) \(words[2])"
    }

    /// The chains with rules that are not there in another state.
    func chainsWithRules(missingIn other: CountedRules) -> Set<String> {
        Set(rules.keys.filter { other.rules[$0] == nil }.map(Self.chain(of:)))
    }

    /// Expects every rule of an earlier state that is still there to have its counters, and new rules to have none.
    ///
    /// The nat table sees the first packet of a connection only, so nothing can have come in between. What filter and the
    /// policies count may grow all the time: neighbours are asked for, routers looked for.
    func expectNothingForgotten(of earlier: CountedRules, sourceLocation: SourceLocation = #_sourceLocation) {
        for (rule, counters) in rules {
            let before = earlier.rules[rule] ?? Counters(packets: 0, bytes: 0)
            if rule.hasPrefix("nat ") {
                #expect(counters == before, "\(rule)", sourceLocation: sourceLocation)
            } else {
                #expect(counters.isNoLess(than: before), "\(rule)", sourceLocation: sourceLocation)
            }
        }
        for (chain, counters) in policies {
            let before = earlier.policies[chain] ?? Counters(packets: 0, bytes: 0)
            #expect(counters.isNoLess(than: before), "policy of \(chain)", sourceLocation: sourceLocation)
        }
    }
}

extension CountedRules.Counters {
    fileprivate func isNoLess(than other: Self) -> Bool { packets >= other.packets && bytes >= other.bytes }
}
