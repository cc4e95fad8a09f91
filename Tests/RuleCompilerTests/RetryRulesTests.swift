// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing
import XTables

/// The rules that keep refusals from clients.
@Suite("Rules for retry") struct RetryRulesTests {
    private static let jump =
        "-p tcp -m comment --comment \"kubernetes refused connections\" -m conntrack --ctstate DNAT -m u32 --u32 "
        + "\"0x0>>0x16&0x3c@0x4=0x0&&0x0>>0x16&0x3c@0xc>>0x10&0x17=0x14\" -j KUBE-RETRIES"

    private static func entry(
        _ number: Int = 1, _ transport: TransportProtocol = .tcp, retries: Bool? = true, nodePort: UInt16? = nil,
        endpointCount: UInt32 = 3, setAside: [UInt32] = []
    ) -> ServicePortEndpoints {
        let servicePort = ServicePort(
            name: ServicePortName(namespace: "n", service: "s\(number)", port: "", transport: transport),
            clusterIP: IPAddress(ipv4: 0x0a60_0000 + UInt32(number)), port: 80, nodePort: nodePort,
            retriesConnections: retries)
        let endpoints = (1...endpointCount).map { Endpoint(address: IPAddress(ipv4: 0x0af4_0000 + $0), port: 8080) }
        let failed = setAside.map { (endpoints[Int($0) - 1].addressPort, SetAside.failed(.refused)) }
        return ServicePortEndpoints(
            servicePort: servicePort, endpoints: endpoints, setAside: Dictionary(uniqueKeysWithValues: failed))
    }

    private static func compilation(
        _ entries: [ServicePortEndpoints], _ layout: RuleLayoutKind, retriesAll: Bool = false
    ) -> Compilation {
        var settings = CompilerSettings(node: Node(name: "n"), layout: layout)
        settings.retriesConnections = retriesAll
        return Compilation(ServiceSnapshot(family: .ipv4, servicePorts: entries), settings: settings)
    }

    /// The rules of a chain of filter as iptables-save prints them; `nil` without the chain.
    private static func text(_ chain: String, _ ruleset: Ruleset) -> [String]? {
        ruleset[.filter].chains.first { $0.name.description == chain }?.rules.map {
            String($0.saveText(chain: "X", family: .ipv4).dropFirst("-A X ".count))
        }
    }

    private static func jumps(_ ruleset: Ruleset) -> [BuiltInChain: String] {
        ruleset[.filter].jumps.compactMapValues { rules in
            rules.first.map { String($0.saveText(chain: "X", family: .ipv4).dropFirst("-A X ".count)) }
        }
    }

    @Test("are none as long as no Service asks for it", arguments: RuleLayoutKind.allCases)
    func none(layout: RuleLayoutKind) {
        let entries = [Self.entry(retries: nil), Self.entry(2, .udp), Self.entry(3, retries: false)]
        let ruleset = Self.compilation(entries, layout).ruleset
        #expect(!"\(ruleset)".contains("KUBE-RETR"))
        #expect(!Self.jumps(ruleset).values.contains(Self.jump))
    }

    @Test("find refusals of its endpoints ahead of everything else in filter", arguments: RuleLayoutKind.allCases)
    func rules(layout: RuleLayoutKind) {
        let ruleset = Self.compilation([Self.entry(), Self.entry(2, retries: nil)], layout).ruleset
        #expect(Self.jumps(ruleset) == [.input: Self.jump, .forward: Self.jump, .output: Self.jump])
        #expect(
            Self.text("KUBE-RETRIES", ruleset) == [
                "-p tcp -m comment --comment \"n/s1 connection retry\" -m conntrack --ctorigdst 10.96.0.1 "
                    + "--ctorigdstport 80 -j KUBE-RETRY"
            ])
        #expect(
            Self.text("KUBE-RETRY", ruleset) == [
                "-m hashlimit --hashlimit-upto 1/min --hashlimit-burst 2 --hashlimit-mode dstip,dstport "
                    + "--hashlimit-name kube-retry --hashlimit-htable-expire 10000 -j DROP"
            ])
    }

    @Test("are there for all Services that do not refuse, if the node is to retry", arguments: RuleLayoutKind.allCases)
    func nodeDefault(layout: RuleLayoutKind) {
        let entries = [Self.entry(retries: nil), Self.entry(2, retries: false), Self.entry(3, .udp, retries: nil)]
        let rules = Self.text("KUBE-RETRIES", Self.compilation(entries, layout, retriesAll: true).ruleset) ?? []
        #expect(rules.count == 1)
        #expect(rules.first?.contains("n/s1 connection retry") == true)
    }

    @Test("name the endpoints of node ports, whose addresses nobody knows")
    func nodePorts() {
        let rules = Self.text("KUBE-RETRIES", Self.compilation([Self.entry(nodePort: 30080)], .kubeProxy).ruleset)
        #expect(
            rules?.dropFirst()
                == [1, 2, 3].map {
                    "-s 10.244.0.\($0)/32 -p tcp -m comment --comment \"n/s1 connection retry\" -m conntrack "
                        + "--ctorigdstport 30080 -j KUBE-RETRY"
                }[...])
    }

    @Test(
        "pass over a Service without retry whose port is the node port of one with it",
        arguments: RuleLayoutKind.allCases)
    func otherServicesPort(layout: RuleLayoutKind) {
        var other = Self.entry(2, retries: nil)
        other.servicePort.port = 30080
        let exception =
            "-p tcp -m comment --comment \"n/s2 has no retry\" -m conntrack --ctorigdst 10.96.0.2 --ctorigdstport 30080 "
            + "-j RETURN"
        let both = Self.compilation([Self.entry(nodePort: 30080), other], layout).ruleset
        #expect(Self.text("KUBE-RETRIES", both)?.first == exception)
        // Whichever comes last.
        var compilation = Self.compilation([Self.entry(nodePort: 30080)], layout)
        let touched = compilation.updateService(ServiceName(namespace: "n", name: "s2"), to: [other])
        #expect(touched[.filter]?.contains("KUBE-RETRIES") == true)
        #expect(compilation.ruleset == both)
        compilation = Self.compilation([other], layout)
        _ = compilation.updateService(ServiceName(namespace: "n", name: "s1"), to: [Self.entry(nodePort: 30080)])
        #expect(compilation.ruleset == both)
        _ = compilation.updateService(ServiceName(namespace: "n", name: "s1"), to: [Self.entry()])
        #expect(Self.text("KUBE-RETRIES", compilation.ruleset)?.count == 1)
    }

    @Test("let the refusal of the last healthy endpoint pass, and all where there is no other endpoint")
    func lastEndpoint() {
        let one = Self.compilation([Self.entry(nodePort: 30080, setAside: [1, 3])], .kubeProxy).ruleset
        let rules = Self.text("KUBE-RETRIES", one) ?? []
        #expect(rules.count == 3)
        #expect(rules.first?.hasPrefix("! -s 10.244.0.2/32 -p tcp") == true)
        #expect(rules.dropFirst().allSatisfy { $0.hasPrefix("-s 10.244.0.1/32") || $0.hasPrefix("-s 10.244.0.3/32") })
        for entry in [Self.entry(endpointCount: 1), Self.entry(setAside: [1, 2, 3])] {
            #expect(Self.text("KUBE-RETRIES", Self.compilation([entry], .kubeProxy).ruleset) == nil)
        }
    }

    @Test(
        "come and go with the Services, and an update leads to what a new start makes",
        arguments: RuleLayoutKind.allCases)
    func updates(layout: RuleLayoutKind) {
        let steps: [[ServicePortEndpoints]] = [
            [Self.entry(retries: nil)], [Self.entry()], [Self.entry(setAside: [2])], [Self.entry(setAside: [1, 2])],
            [Self.entry(setAside: [1, 2, 3])], [Self.entry(nodePort: 30080)], [],
        ]
        var compilation = Self.compilation([Self.entry(2, retries: nil)], layout)
        for step in steps {
            let before = compilation.ruleset
            let name = ServiceName(namespace: "n", name: "s1")
            let touched = compilation.updateService(name, to: step)
            let after = compilation.ruleset
            #expect(after == Self.compilation(step + [Self.entry(2, retries: nil)], layout).ruleset)
            for table in after.tables {
                let old = before[table.table]
                for builtIn in BuiltInChain.allCases where old.jumps[builtIn] != table.jumps[builtIn] {
                    #expect(touched[table.table]?.contains(builtIn.name) == true)
                }
                let chains = Set((old.chains + table.chains).map(\.name)).filter { name in
                    old.chains.first { $0.name == name }?.rules != table.chains.first { $0.name == name }?.rules
                }
                #expect(chains.isSubset(of: touched[table.table] ?? []))
            }
        }
    }
}
