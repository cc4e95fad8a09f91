// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import Testing
import XTables

@testable import ForeignRules

/// Foreign rules ahead of ours, and what is said of them.
struct ForeignRuleCase: CustomTestStringConvertible {
    let table: Table
    /// As iptables-save prints them; `OURS CHAIN TARGET` stands for a jump of ours.
    let rules: String
    /// What each rule that counts does, as far as given; none if the rules are harmless.
    let effects: [String]
    var dropping: Set<BuiltInChain> = []

    init(_ table: Table, _ rules: String, _ effects: String..., dropping: Set<BuiltInChain> = []) {
        self.table = table
        self.rules = rules
        self.effects = effects
        self.dropping = dropping
    }

    var testDescription: String { "\(table.rawValue) \(rules.replacing("\n", with: "; "))" }

    static let nat: [ForeignRuleCase] = [
        ForeignRuleCase(
            .nat, "-A PREROUTING -d $CLUSTER_IP -p tcp --dport 80 -j DNAT --to-destination $CONTAINER",
            "sends packets to default/web:http (cluster IP "),
        ForeignRuleCase(
            .nat, "-A PREROUTING -d $SERVICES -p tcp -j REDIRECT",
            "redirects packets to default/api:http (cluster IP "),
        ForeignRuleCase(.nat, "-A OUTPUT -d $CLUSTER_IP -j ACCEPT", "lets packets to default/web:http (cluster IP "),
        ForeignRuleCase(
            .nat, "-A PREROUTING -p tcp --dport 30080 -j DNAT --to-destination $CONTAINER", "(node port 30080/tcp)"),
        ForeignRuleCase(
            .nat, "-A PREROUTING -d $NODE -p tcp --dports 30000:32767 -j DNAT --to-destination $CONTAINER",
            "(node port 30080/tcp)"),
        ForeignRuleCase(
            .nat, "-A PREROUTING -m addrtype --dst-type LOCAL -j DNAT --to-destination $CONTAINER",
            "(node port 30080/tcp)"),
        ForeignRuleCase(
            .nat, "-A PREROUTING -d $EXTERNAL_IP -j DNAT --to-destination $CONTAINER", "(external IP "),
        ForeignRuleCase(
            .nat, "-A PREROUTING --dst-range $VIP-$VIP -j QUEUE", "hands packets to default/web:http (load"),
        ForeignRuleCase(.nat, "-A PREROUTING -j RETURN", "so that they reach no endpoint"),
        ForeignRuleCase(.nat, "-A PREROUTING -s $PODS ! -i eth0 -j ACCEPT", "lets packets to "),
        ForeignRuleCase(.nat, "-A PREROUTING -p tcp --syn yes -j SECRET", "(not understood: the target SECRET)"),
        ForeignRuleCase(
            .nat, "-A PREROUTING -m set -j REDIRECT", "(if it matches; not understood: the match set)"),
        ForeignRuleCase(.nat, "-A PREROUTING -m limit -j REDIRECT", "redirects packets to "),
        ForeignRuleCase(.nat, "-A PREROUTING -j MINE\n-A MINE -p tcp --dport 80 -j REDIRECT", "redirects packets to "),
        ForeignRuleCase(
            .nat, "-A PREROUTING -j MINE\n-A MINE -j INNER\n-A INNER -d $CLUSTER_IP -j ACCEPT", "lets packets"),
        // A goto does not come back, whatever the chain does.
        ForeignRuleCase(.nat, "-A PREROUTING -g MINE\n-A MINE -p icmp -j ACCEPT", "lets packets to "),
        ForeignRuleCase(
            .nat, "-A PREROUTING -g MINE\n-A MINE -d $CLUSTER_IP -j RETURN", "lets packets to ", "lets packets to "),

        ForeignRuleCase(.nat, "-A PREROUTING -d $CONTAINER -j DNAT --to-destination $POD"),
        ForeignRuleCase(.nat, "-A PREROUTING -d $CLUSTER_IP -p udp -j REDIRECT"),
        ForeignRuleCase(.nat, "-A PREROUTING -d $CLUSTER_IP -p tcp --dport 8080 -j REDIRECT"),
        ForeignRuleCase(.nat, "-A PREROUTING -p icmp -j REDIRECT"),
        ForeignRuleCase(.nat, "-A PREROUTING -i lo -j ACCEPT"),
        ForeignRuleCase(.nat, "-A OUTPUT -o lo -j ACCEPT"),
        ForeignRuleCase(.nat, "-A OUTPUT -d $LOOPBACK -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING -s $LOOPBACK -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING --src-type LOCAL -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING --ctstate RELATED,ESTABLISHED -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING ! --ctstate NEW -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING --dst-type MULTICAST,BROADCAST -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING -p tcp --syn no -j ACCEPT"),
        ForeignRuleCase(.nat, "-A PREROUTING -j LOG"),
        ForeignRuleCase(.nat, "-A PREROUTING -j MARK"),
        ForeignRuleCase(.nat, "-A PREROUTING -j MINE\n-A MINE -d $CLUSTER_IP -j RETURN"),
        ForeignRuleCase(.nat, "-A PREROUTING -j EMPTY"),
        // Services do not get to the rule.
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING -p tcp --dport 8000:9000 -j MINE
            -A MINE -j REDIRECT
            """),
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING -p tcp --dports 80,81,443 -j MINE
            -A MINE -p tcp -j RETURN
            -A MINE -j REDIRECT
            """),
        ForeignRuleCase(.nat, "-A PREROUTING -m set -j MINE\n-A MINE -j LOG\n-A MINE -j RETURN"),
    ]

    static let masquerading: [ForeignRuleCase] = [
        ForeignRuleCase(.nat, "-A POSTROUTING -d $PODS -j ACCEPT", "keeps packets to default/web:http (endpoint "),
        ForeignRuleCase(.nat, "-A POSTROUTING -s $PODS -d $PODS -j RETURN", "from being masqueraded"),
        ForeignRuleCase(
            .nat, "-A POSTROUTING --mark 0x4000/0x4000 -j ACCEPT", "keeps packets to default/api:http (endpoint "),
        ForeignRuleCase(.nat, "-A POSTROUTING ! --mark 0x4000/0x4000 -j RETURN"),
        ForeignRuleCase(.nat, "-A POSTROUTING -s $PODS ! -d $PODS -j MASQUERADE"),
        ForeignRuleCase(.nat, "-A POSTROUTING -j SNAT"),
        ForeignRuleCase(.nat, "-A POSTROUTING -d $CLUSTER_IP -j ACCEPT"),
        ForeignRuleCase(.nat, "-A POSTROUTING --comment flanneld_masq -s $PODS -d $PODS -j RETURN"),
        ForeignRuleCase(.nat, "-A POSTROUTING -j FLANNEL-POSTRTG\n-A FLANNEL-POSTRTG -d $PODS -j RETURN"),
        ForeignRuleCase(.nat, "-A POSTROUTING -j CNI-0011\n-A CNI-0011 -d $PODS -j ACCEPT"),
    ]

    static let forwarding: [ForeignRuleCase] = [
        ForeignRuleCase(.filter, "-A FORWARD -j DROP", "drops packets to default/web:http (endpoint $POD:8080/tcp)"),
        ForeignRuleCase(.filter, "-A FORWARD -j REJECT", "rejects packets to default/web:http (endpoint "),
        ForeignRuleCase(.filter, "-A FORWARD -d $POD -j DROP", "drops packets to "),
        ForeignRuleCase(.filter, "-A FORWARD -p tcp --dport 8080 -j DROP", "drops packets to "),
        ForeignRuleCase(.filter, "-A FORWARD --ctstate NEW -j DROP", "drops packets to "),
        ForeignRuleCase(.filter, "-A FORWARD --ctstate DNAT -j DROP", "drops packets to "),
        ForeignRuleCase(.filter, "-A FORWARD --mark 0x4000/0x4000 -j DROP", "drops packets to "),
        ForeignRuleCase(.filter, "-A FORWARD -j NFQUEUE", "hands packets to default/web:http"),
        ForeignRuleCase(.filter, "-A FORWARD -j QUEUE", "hands packets to "),
        ForeignRuleCase(.filter, "-A FORWARD -j RETURN", "drops packets to ", dropping: [.forward]),
        ForeignRuleCase(
            .filter, "-A FORWARD -g MINE\n-A MINE -p icmp -j ACCEPT", "drops packets to ", dropping: [.forward]),
        ForeignRuleCase(
            .filter, "-A FORWARD -m set -j MINE\n-A MINE -j REJECT", "(if it matches; not understood: the match set)"),
        // Behind the jump that lets packets pass.
        ForeignRuleCase(.filter, "OURS FORWARD KUBE-FORWARD\n-A FORWARD -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD -p tcp --dport 80 -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD -p tcp --dport 30080 -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD -d $CLUSTER_IP -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD -d $NODE -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD --ctstate INVALID -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD --ctstate RELATED,ESTABLISHED -j ACCEPT"),
        ForeignRuleCase(.filter, "-A FORWARD -d $PODS -j ACCEPT\n-A FORWARD -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD --ctstate DNAT -j ACCEPT\n-A FORWARD -j DROP"),
        ForeignRuleCase(.filter, "-A FORWARD -j MINE\n-A MINE -d $PODS -j ACCEPT\n-A FORWARD -j DROP"),
        // Not all packets are accepted before.
        ForeignRuleCase(
            .filter, "-A FORWARD -s $PODS -j ACCEPT\n-A FORWARD -j DROP", "accepts packets to ", "drops packets to "),
    ]

    static let filtering: [ForeignRuleCase] = [
        ForeignRuleCase(
            .filter, "-A FORWARD -j ACCEPT",
            "accepts packets to default/dead:http (cluster IP $DEAD_IP:81/tcp), default/web:http (load balancer IP $VIP:80/tcp) "
                + "that our rules refuse"),
        ForeignRuleCase(.filter, "-A FORWARD -p tcp --dport 80 -j ACCEPT", "load balancer IP"),
        ForeignRuleCase(.filter, "-A OUTPUT -p tcp --dport 81 -j ACCEPT", "accepts packets to default/dead:http"),
        ForeignRuleCase(.filter, "-A FORWARD -p tcp --dport 8080 -j ACCEPT"),
        ForeignRuleCase(.filter, "-A FORWARD -d $CLUSTER_IP -j ACCEPT"),
        ForeignRuleCase(.filter, "OURS FORWARD KUBE-PROXY-FIREWALL\n-A FORWARD -d $VIP -j ACCEPT"),
        ForeignRuleCase(.filter, "-A INPUT -i lo -j ACCEPT"),
        ForeignRuleCase(.filter, "-A INPUT -p icmp -j ACCEPT"),
        ForeignRuleCase(.filter, "-A INPUT -p tcp --dport 22 -j ACCEPT"),
        ForeignRuleCase(.filter, "-A INPUT -p tcp --dport 81 -j ACCEPT"),
        ForeignRuleCase(.filter, "-A INPUT -p tcp --dport 31000 -j DROP", "(health check node port 31000/tcp)"),
        ForeignRuleCase(
            .filter, "-A INPUT -j DROP", "drops packets to default/web:http (health check node port 31000/tcp)"),
        ForeignRuleCase(
            .filter, "-A INPUT -p tcp --dport 6443 -j DROP", "drops packets to default/api:http (endpoint "),
        ForeignRuleCase(.filter, "-A INPUT -p tcp --dport 8080 -j DROP"),
        ForeignRuleCase(.filter, "-A OUTPUT -d $POD -j REJECT", "rejects packets to default/web:http (endpoint "),
        ForeignRuleCase(.filter, "-A INPUT -p tcp --dport 30080 -j DROP"),
    ]

    static let wellKnown: [ForeignRuleCase] = [
        // Docker, with a published port.
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING --dst-type LOCAL -j DOCKER
            -A OUTPUT ! -d $LOOPBACK --dst-type LOCAL -j DOCKER
            -A DOCKER -i docker0 -j RETURN
            -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination $CONTAINER
            -A POSTROUTING -s $CONTAINER ! -o docker0 -j MASQUERADE
            """),
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING --dst-type LOCAL -j DOCKER
            -A DOCKER ! -i docker0 -p tcp --dport 30080 -j DNAT --to-destination $CONTAINER
            """, "sends packets to default/web:http (node port 30080/tcp) elsewhere"),
        ForeignRuleCase(
            .filter,
            """
            -A FORWARD -j DOCKER-USER
            -A FORWARD -j DOCKER-ISOLATION-STAGE-1
            -A FORWARD -j DOCKER-FORWARD
            -A FORWARD -o docker0 --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
            -A FORWARD -i br-0123456789ab ! -o br-0123456789ab -j ACCEPT
            -A DOCKER-USER -j RETURN
            -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
            -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
            -A DOCKER-FORWARD -j DOCKER-CT
            -A DOCKER-FORWARD -i docker0 -j ACCEPT
            -A DOCKER-CT -o docker0 --ctstate RELATED,ESTABLISHED -j ACCEPT
            """),
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING --dst-type LOCAL -j CNI-HOSTPORT-DNAT
            -A CNI-HOSTPORT-DNAT -p tcp --dports 8081 -j CNI-DN-aa
            -A CNI-DN-aa -p tcp --dport 8081 -j DNAT --to-destination $POD
            """),
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING --dst-type LOCAL -j CNI-HOSTPORT-DNAT
            -A CNI-HOSTPORT-DNAT -p tcp --dports 30080 -j CNI-DN-aa
            -A CNI-DN-aa -p tcp --dport 30080 -j DNAT --to-destination $POD
            """, "(node port 30080/tcp)"),
        ForeignRuleCase(
            .filter,
            """
            -A FORWARD -j cali-FORWARD
            -A cali-FORWARD -i cali+ -j cali-from-wl
            -A cali-from-wl -g cali-fw-1
            -A cali-fw-1 -j DROP
            -A INPUT -j cali-INPUT
            -A cali-INPUT -d $NODE -j DROP
            """),
        ForeignRuleCase(.filter, "-A FORWARD -j CILIUM_FORWARD\n-A CILIUM_FORWARD -o cilium_host -j ACCEPT"),
        ForeignRuleCase(
            .filter, "-A FORWARD --comment flanneld_forward -j FLANNEL-FWD\n-A FLANNEL-FWD -s $PODS -j ACCEPT"),
        ForeignRuleCase(
            .filter,
            """
            -A FORWARD -j KUBE-ROUTER-FORWARD
            -A KUBE-ROUTER-FORWARD -d $POD -j KUBE-POD-FW-AB
            -A KUBE-POD-FW-AB -j KUBE-NWPLCY-CD
            -A KUBE-POD-FW-AB -j REJECT
            """),
        ForeignRuleCase(
            .filter,
            """
            -A FORWARD -j FORWARD_IN_ZONES
            -A FORWARD_IN_ZONES -i eth0 -g FWDI_public
            -A FWDI_public -j REJECT
            -A INPUT -j INPUT_ZONES
            -A INPUT_ZONES -g IN_drop
            -A IN_drop -j DROP
            """),
        ForeignRuleCase(
            .filter, "-A FORWARD -j ufw-before-forward\n-A ufw-before-forward -j ufw-reject\n-A ufw-reject -j REJECT"),
        // What firewalld has in the built-in chain itself.
        ForeignRuleCase(.filter, "-A FORWARD -j FORWARD_direct\n-A FORWARD -j REJECT", "rejects packets to "),
        // A port forwarded by firewalld takes a Service's port at each address.
        ForeignRuleCase(
            .nat,
            """
            -A PREROUTING -j PREROUTING_ZONES
            -A PREROUTING_ZONES -g PRE_public
            -A PRE_public -j PRE_public_allow
            -A PRE_public_allow -p tcp --dport 80 -j DNAT --to-destination $CONTAINER
            """, "default/web:http (cluster IP "),
        // A chain of a user below a chain of Docker is the user's.
        ForeignRuleCase(
            .filter, "-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j MINE\n-A MINE -j DROP", "drops packets to "),
    ]

    static let all = nat + masquerading + forwarding + filtering + wellKnown
}

@Suite("Foreign rules ahead of our jumps") struct ForeignRuleCheckTests {
    @Test("count if they can take packets to a Service", arguments: IPFamily.allCases, ForeignRuleCase.all)
    func cases(family: IPFamily, rules: ForeignRuleCase) throws {
        let node = SampleNode(family: family)
        let found = try node.findings(rules.table, rules.rules, dropping: rules.dropping).takingRules
        try #require(found.count == rules.effects.count, "\(found.map { $0.line(family) })")
        for (rule, effect) in zip(found, rules.effects) {
            let address = node.text(effect).replacing("[", with: "").replacing("]", with: "")
            let text = rule.effect.replacing("[", with: "").replacing("]", with: "")
            #expect(text.contains(address), "\(rule.effect)")
        }
    }

    @Test("are named with table, chain, place, program and the Services concerned")
    func lines() throws {
        let node = SampleNode(family: .ipv4)
        let findings = try node.findings(
            .nat,
            """
            -A PREROUTING -p icmp -j ACCEPT
            -A PREROUTING --dst-type LOCAL -j DOCKER
            -A OUTPUT --dst-type LOCAL -j DOCKER
            -A DOCKER -i docker0 -j RETURN
            -A DOCKER -p tcp --dport 30080 -j REDIRECT
            """)
        #expect(
            findings.takingRules.map { $0.line(.ipv4) } == [
                "IPv4 nat: foreign rule 2 of DOCKER (Docker), reached from PREROUTING, OUTPUT, sees packets before our jumps "
                    + "and redirects packets to default/web:http (node port 30080/tcp) to this node: -A DOCKER -p tcp -m x -j "
                    + "REDIRECT"
            ])
        #expect(
            findings.recognizedRules.map { $0.line(.ipv4) } == [
                "IPv4 nat: rules of Docker see packets before our jumps in PREROUTING: DOCKER",
                "IPv4 nat: rules of Docker see packets before our jumps in OUTPUT: DOCKER",
            ])
        #expect(findings.precedingRules.map(\.position) == [1, 2, 1])
        #expect(findings.precedingRules.map(\.owner) == [nil, "Docker", "Docker"])
    }

    @Test("name three service ports, and how many more there are")
    func manyServices() {
        var taken = TakenServices()
        for index in 0..<5 { taken.add("s\(index)") }
        #expect("\(taken)" == "s0, s1, s2 and 2 more service ports")
    }

    @Test("of chains that lead to one another in very many ways are looked at in bounded time")
    func manyWays() throws {
        var rules = "-A PREROUTING -j L0"
        for level in 0..<30 { rules += "\n-A L\(level) -j L\(level + 1)\n-A L\(level) -j L\(level + 1)" }
        let node = SampleNode(family: .ipv4)
        #expect(try node.findings(.nat, rules + "\n-A L30 -d $OTHER_IP -j ACCEPT").takingRules.count == 1)
    }

    @Test("of programs are recognized by chain, comment or bridge")
    func owners() {
        let chains: [ChainName: ForeignOwner?] = [
            "DOCKER": .docker, "DOCKER-USER": .docker, "DOCKERX": nil, "CNI-DN-1": .cni, "cali-FORWARD": .calico,
            "CILIUM_PRE_nat": .cilium, "FLANNEL-FWD": .flannel, "ufw-user-input": .ufw,
            "INPUT_ZONES_SOURCE": .firewalld,
            "IN_public": nil, "NETAVARK-1": .podman, "LIBVIRT_FWO": .libvirt, "MINE": nil,
        ]
        for (chain, owner) in chains { #expect(ForeignOwner(of: chain) == owner, "\(chain)") }
        #expect(ForeignOwner(of: "IN_public", below: .firewalld) == .firewalld)
        #expect(ForeignOwner(of: "MINE", below: .firewalld) == nil)
        #expect(ForeignOwner(comment: "flanneld masq") == .flannel)
        #expect(ForeignOwner(comment: "mine") == nil)
        #expect(ForeignOwner(interface: InterfaceMatch("docker0")) == .docker)
        #expect(ForeignOwner(interface: InterfaceMatch("br-0123456789ab")) == .docker)
        #expect(ForeignOwner(interface: InterfaceMatch("br-lan")) == nil)
    }
}
