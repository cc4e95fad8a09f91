// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Foreign rules ahead of ours in a kernel, written by iptables-legacy, and what the commands report of them.
@Suite("Foreign rules in the kernel", .needsKernel) struct ForeignRuleTests {
    private let node: NetworkNamespace
    private let folder: TemporaryFolder

    init() throws {
        node = try NetworkNamespace()
        folder = try TemporaryFolder()
        try node.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        try node.run("ip", "link", "set", "eth1", "up")
        try node.run("ip", "address", "add", "192.168.50.10/24", "dev", "eth0")
        try node.run("ip", "address", "add", "fd00:50::10/64", "dev", "eth0", "nodad")
        try node.run("ip", "link", "set", "eth0", "up")
        try folder.write("manifests/objects.yaml", Self.objects)
    }

    private static let objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: NodePort
          clusterIPs: [10.96.0.10, "fd00:96::10"]
          clusterIP: 10.96.0.10
          ipFamilies: [IPv4, IPv6]
          ports: [{port: 80, nodePort: 30080}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-4, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [{addresses: [10.244.1.11]}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-6, labels: {kubernetes.io/service-name: web}}
        addressType: IPv6
        ports: [{port: 8080}]
        endpoints: [{addresses: ["fd00:244::11"]}]
        """

    private func tool(_ command: String, _ family: String, _ further: String...) throws -> ProcessResult {
        let lock = ["apply", "verify"].contains(command) ? ["--lock-file", node.lockPath] : []
        return try node.attempt(
            [Repository.tool, command, "-f", "\(folder.path)/manifests/objects.yaml", "--ip-family", family]
                + ["--hostname-override", "node-1", "--node-ip", "192.168.50.10,fd00:50::10"] + lock + further)
    }

    private func iptables(_ family: String, _ rule: String) throws {
        let command = family == "ipv4" ? "iptables-legacy" : "ip6tables-legacy"
        let result = try node.attempt([command] + rule.split(separator: " ").map(String.init))
        try #require(result.status == 0, "\(rule): \(result.errors)")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let table: String
        let commands: [String]
        /// What is said of the rule; `nil` if it is harmless.
        let effect: String?
        var testDescription: String { commands.joined(separator: "; ") }
    }

    /// `$IP`, `$POD`, `$NODE` and `$C` are addresses of the family: a Service's, its endpoint's, the node's and a container's.
    static let cases = [
        // As after a reload of firewalld: our jump is appended behind its last rule.
        Case(
            table: "filter",
            commands: [
                "-P FORWARD DROP", "-A FORWARD -j DROP",
                "-D FORWARD -m comment --comment kubernetes_forwarding_rules -j KUBE-FORWARD",
                "-A FORWARD -m comment --comment kubernetes_forwarding_rules -j KUBE-FORWARD",
            ],
            effect: "of FORWARD sees packets before our jumps and drops packets to default/web (endpoint "),
        Case(
            table: "nat",
            commands: ["-t nat -I PREROUTING -d $IP -p tcp --dport 80 -j DNAT --to-destination $C"],
            effect:
                "foreign rule 1 of PREROUTING sees packets before our jumps and sends packets to default/web (cluster IP "
        ),
        Case(
            table: "filter", commands: ["-I FORWARD -j DROP"],
            effect:
                "foreign rule 1 of FORWARD sees packets before our jumps and drops packets to default/web (endpoint "),
        Case(
            table: "nat",
            commands: [
                "-t nat -N DOCKER", "-t nat -I PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
                "-t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 30080 -j DNAT --to-destination $C",
            ],
            effect:
                "foreign rule 1 of DOCKER (Docker), reached from PREROUTING, sees packets before our jumps and sends "
                + "packets to default/web (node port 30080/tcp) elsewhere"),
        Case(
            table: "nat", commands: ["-t nat -I OUTPUT -p tcp --dport 1:1000 -j REDIRECT --to-ports 3128"],
            effect: "redirects packets to default/web (cluster IP "),
        Case(
            table: "nat", commands: ["-t nat -I POSTROUTING -d $POD -j ACCEPT"],
            effect: "keeps packets to default/web (endpoint "),
        // A match that is understood, and does not depend on the packet alone.
        Case(
            table: "filter", commands: ["-I FORWARD -m limit --limit 1/s -j REJECT"],
            effect: "rejects packets to default/web (endpoint "),

        // The usual rules of Docker.
        Case(
            table: "filter",
            commands: [
                "-N DOCKER", "-N DOCKER-USER", "-N DOCKER-FORWARD", "-N DOCKER-ISOLATION-STAGE-1",
                "-A DOCKER-USER -j RETURN",
                "-A DOCKER-ISOLATION-STAGE-1 -o docker0 -j DROP", "-A DOCKER-FORWARD -i docker0 -j ACCEPT",
                "-A DOCKER -d $C ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT",
                "-A DOCKER ! -i docker0 -o docker0 -j DROP",
                "-I FORWARD -o docker0 -j DOCKER", "-I FORWARD -j DOCKER-FORWARD",
                "-I FORWARD -j DOCKER-ISOLATION-STAGE-1",
                "-I FORWARD -j DOCKER-USER", "-t nat -N DOCKER",
                "-t nat -I PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
                "-t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination $C",
                "-t nat -I POSTROUTING -s $C ! -o docker0 -j MASQUERADE",
            ], effect: nil),
        Case(
            table: "filter", commands: ["-I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"], effect: nil),
        Case(
            table: "filter", commands: ["-I INPUT -i lo -j ACCEPT", "-I INPUT -p tcp --dport 22 -j ACCEPT"], effect: nil
        ),
        Case(
            table: "nat", commands: ["-t nat -I PREROUTING -d $C -p tcp --dport 80 -j DNAT --to-destination $POD"],
            effect: nil),
    ]

    private func text(_ text: String, _ family: String) -> [String] {
        let words =
            family == "ipv4"
            ? ["$IP": "10.96.0.10", "$POD": "10.244.1.11", "$NODE": "192.168.50.10", "$C": "172.17.0.2"]
            : ["$IP": "fd00:96::10", "$POD": "fd00:244::11", "$NODE": "fd00:50::10", "$C": "fd00:17::2"]
        return text.split(separator: " ").map {
            (words[String($0)] ?? String($0)).replacing(
                "kubernetes_forwarding_rules", with: "kubernetes forwarding rules")
        }
    }

    private func write(_ commands: [String], _ family: String) throws {
        let program = family == "ipv4" ? "iptables-legacy" : "ip6tables-legacy"
        for command in commands {
            let result = try node.attempt([program] + text(command, family))
            try #require(result.status == 0, "\(command): \(result.errors)")
        }
    }

    @Test(
        "are named by plan and verify if they take packets, and moved behind ours on request", arguments: cases,
        ["ipv4", "ipv6"])
    func commands(rules: Case, family: String) throws {
        try #require(try tool("apply", family).status == 0)
        try write(rules.commands, family)
        let plan = try tool("plan", family)
        let verify = try tool("verify", family)
        #expect(plan.status == 0 && verify.status == 0, "\(verify.output)")
        let failing = try tool("verify", family, "--fail-on", "foreign")
        let json = try tool("plan", family, "--output", "json")
        let plans = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let found = try #require(plans.first?["foreignRulesAhead"] as? [[String: Any]])
        guard let effect = rules.effect else {
            #expect(failing.status == 0, "\(failing.output)")
            #expect(found.isEmpty)
            #expect(!verify.output.contains(" and "), "\(verify.output)")
            #expect(verify.output.split(separator: "\n").first?.hasSuffix(": no drift") == true, "\(verify.output)")
            return
        }
        #expect(failing.status == 2)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?["table"] as? String == rules.table)
        #expect(plan.output.contains(effect), "\(plan.output)")
        #expect(verify.output.contains(effect), "\(verify.output)")
        #expect(
            verify.output.contains(": no drift, but 1 foreign rule can take packets to Services before our jumps\n"),
            "\(verify.output)")

        let moving = try tool("plan", family, "--rules", "--keep-jumps-first")
        #expect(moving.status == 2 && !moving.output.contains(effect), "\(moving.output)")
        #expect(moving.output.contains("~ -A "), "\(moving.output)")
        let applied = try tool("apply", family, "--keep-jumps-first")
        #expect(applied.status == 0 && applied.output.contains("moved"), "\(applied.output) \(applied.errors)")
        #expect(try tool("verify", family, "--fail-on", "foreign", "--keep-jumps-first").status == 0)
        #expect(try tool("apply", family, "--keep-jumps-first").output.contains("nothing committed"))
    }

    @Test("are named after apply")
    func apply() throws {
        try #require(try tool("apply", "ipv4").status == 0)
        try write(["-I FORWARD -j DROP"], "ipv4")
        let applied = try tool("apply", "ipv4")
        #expect(applied.status == 0)
        #expect(
            applied.errors.contains("warning: IPv4 filter: foreign rule 1 of FORWARD sees packets"), "\(applied.errors)"
        )
    }

    @Test("are logged once by run, listed, counted, and logged when they are gone")
    func run() throws {
        let config = try folder.write(
            "config.yaml", "{apiVersion: kubeproxy.config.k8s.io/v1alpha1, kind: KubeProxyConfiguration}\n")
        let program = try node.start(
            [
                Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--config", config,
                "--hostname-override", "node-1",
            ]
                + ["--lock-file", node.lockPath, "--owner-lock-file", "\(folder.path)/owner"]
                + ["--iptables-min-sync-period", "0s", "--iptables-sync-period", "300ms"])
        try program.waitForErrors(containing: "start: IPv4 filter")
        try program.waitForErrors(containing: "start: IPv6 filter")
        func metric() throws -> String {
            try node.run("curl", "-s", "127.0.0.1:10249/metrics").split(separator: "\n").first {
                $0.hasPrefix("kubetables_foreign_rules_ahead{table=\"filter\",chain=\"FORWARD\"}")
            }.map(String.init) ?? ""
        }
        #expect(try metric().hasSuffix(" 0"))
        try write(["-P FORWARD DROP", "-I FORWARD -j DROP"], "ipv4")
        let line =
            "IPv4 filter: a foreign rule comes before our jumps and drops packets to default/web (endpoint 10.244.1.11:8080/tcp)"
        try program.waitForErrors(containing: "warning \(line): -A FORWARD -j DROP")
        #expect(try metric().hasSuffix(" 1"))
        let problems = try node.run("curl", "-s", "127.0.0.1:10249/problems")
        #expect(
            problems.contains(
                "foreign rules ahead of ours: 1\n  IPv4 filter FORWARD: -A FORWARD -j DROP: drops packets to"))
        #expect(try node.run("curl", "-s", "127.0.0.1:10249/plan").contains("foreign rule 1 of FORWARD sees packets"))
        // Two more checks say nothing new.
        usleep(1_000_000)
        #expect(program.errors.ranges(of: line).count == 1)
        try write(["-D FORWARD 1"], "ipv4")
        try program.waitForErrors(containing: "notice IPv4: no foreign rules come before our jumps any longer")
        #expect(try metric().hasSuffix(" 0"))

        // On request the jumps move.
        try write(["-I FORWARD -j DROP"], "ipv4")
        try program.waitForErrors(containing: "warning \(line): -A FORWARD -j DROP")
        try folder.write(
            "config.yaml",
            "{apiVersion: kubeproxy.config.k8s.io/v1alpha1, kind: KubeProxyConfiguration, iptables: {keepJumpsFirst: true}}\n"
        )
        try program.waitForErrors(containing: "node or options changed: IPv4 filter")
        #expect(try node.run("iptables-legacy", "-S", "FORWARD").hasSuffix("-A FORWARD -j DROP\n"))
        try write(["-I FORWARD -j DROP"], "ipv4")
        try program.waitForErrors(
            containing: "warning IPv4 filter: drift repaired in 1 chain: out of order: -A FORWARD")
        #expect(try metric().hasSuffix(" 0"))
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    @Test("take packets, as real connections show")
    func packets() throws {
        let lab = try Lab(pods: ["pod-1=10.244.1.11"])
        try lab.serve("pod-1", port: 8080)
        let arguments =
            ["-f", "\(folder.path)/manifests/objects.yaml", "--ip-family", "ipv4", "--hostname-override", "node-1"]
            + ["--cluster-cidr", "10.244.0.0/16", "--lock-file", "\(folder.path)/lock"]
        func tool(_ command: String, _ further: String...) throws -> ProcessResult {
            try lab.attempt("node", [Repository.tool, command] + arguments + further)
        }
        try #require(try tool("apply").status == 0)
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 3) == ["pod-1": 3])
        try lab.run("node", ["iptables-legacy", "-I", "FORWARD", "-j", "DROP"])
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 1).isEmpty)
        #expect(try tool("verify", "--fail-on", "foreign").status == 2)
        #expect(try tool("verify", "--repair", "--keep-jumps-first").status == 0)
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 3) == ["pod-1": 3])
        #expect(try tool("verify", "--fail-on", "foreign").status == 0)
    }
}
