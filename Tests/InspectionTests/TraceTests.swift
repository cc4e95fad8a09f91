// SPDX-License-Identifier: Apache-2.0

import Foundation
import Inspection
import NetworkTypes
import RuleCompiler
import RuleEvaluation
import Testing
import XTables

@Suite("A trace") struct TraceTests {
    /// A Service whose three endpoints are drawn at random.
    private static let spread = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec: {type: NodePort, clusterIP: 10.96.0.10, ports: [{name: http, port: 80, nodePort: 30080}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints:
        - {addresses: [10.244.1.11], nodeName: node-1, targetRef: {kind: Pod, name: web-0}}
        - {addresses: [10.244.2.12], nodeName: node-2, targetRef: {kind: Pod, name: web-1}}
        - {addresses: [10.244.2.13], nodeName: node-2}

        """

    private func state(_ manifests: String = spread, _ machine: FakeMachine? = nil) -> InspectedState {
        var state = SampleState.read(manifests)
        state.machine = machine
        return state
    }

    private func trace(
        _ source: String, _ destination: String, _ state: InspectedState, interface: String? = nil,
        in connection: String? = nil, live: Bool = false, _ output: ReportOutput = ReportOutput()
    ) throws -> (text: String, report: TraceReport) {
        let inquiry = TraceInquiry(
            from: source, to: destination, interface: interface, state: connection, isLive: live)
        let report = try #require(try inquiry.report(on: state) as? TraceReport)
        var text = ""
        try output.write(report) { text += $0 }
        return (text, report)
    }

    @Test("needs only chains of the Service that a packet is for, and comes to the same end as with all")
    func fewChains() throws {
        let many = (0..<12).map { number in
            Self.spread.replacing("name: web", with: "name: web\(number)")
                .replacing("10.96.0.10", with: "10.96.0.\(number + 10)").replacing("30080", with: "\(30080 + number)")
        }.joined(separator: "---\n")
        let compilation = try #require(SampleState.read(many).compilations.first)
        let network = try FakeMachine.node().network(.ipv4)
        let all = RuleEvaluator(compilation.ruleset)
        let client = try #require(IPAddress("192.168.50.20"))
        for text in ["10.96.0.10:80", "10.96.0.21:80", "10.96.0.21:81", "192.168.50.10:30083", "10.244.1.11:8080"] {
            let destination = try #require(AddressPort(text))
            let few = compilation.ruleset(towards: destination)
            #expect(few[.nat].chains.count < compilation.ruleset[.nat].chains.count / 2, "\(text)")
            let packet = Packet(
                from: client, port: 40_000, to: destination, .tcp, origin: .network(interface: "eth0"))
            let found = try RuleEvaluator(few).evaluate(packet, on: network)
            let expected = try all.evaluate(packet, on: network)
            #expect(found.branches == expected.branches, "\(text)")
        }
    }

    @Test("shows the way and the endpoints with their shares, pods and nodes")
    func nodePort() throws {
        let (text, report) = try trace("192.168.50.20", "192.168.50.10:30080/tcp", state(Self.spread, .node()))
        #expect(
            text.hasPrefix(
                """
                TCP 192.168.50.20 -> 192.168.50.10:30080, new, in by eth0  (desired rules)
                PREROUTING nat
                  PREROUTING#1  -j KUBE-SERVICES
                    KUBE-SERVICES#2  -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
                      KUBE-NODEPORTS#1  -p tcp -m tcp --dport 30080 -j KUBE-EXT-
                """), "\(text)")
        #expect(
            text.contains(
                """
                => 1/3 (33.33%): 10.244.1.11:8080, pod web-0 on node-1, out by cni0
                     masqueraded to 192.168.50.10
                => 1/3 (33.33%): 10.244.2.12:8080, pod web-1 on node-2, out by cni0
                     masqueraded to 192.168.50.10
                => 1/3 (33.33%): 10.244.2.13:8080, on node-2, out by cni0
                     masqueraded to 192.168.50.10

                """), "\(text)")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= ReportStyle.width })
        #expect(text.contains("  [shop/web:http]"))
        #expect(report.exitStatus == 0)
        #expect(report.outcomes.map(\.fraction) == ["1/3", "1/3", "1/3"])
        #expect(report.hops.allSatisfy { !$0.isForeign })
        #expect(report.outcomes.allSatisfy { $0.service == "shop/web:http" && $0.isMasqueraded })
    }

    @Test("follows a packet that a process on the node sends, and one from a pod")
    func origins() throws {
        let state = state(Self.spread, try .node())
        let own = try trace("192.168.50.10", "10.96.0.10:80", state)
        #expect(
            own.text.hasPrefix("TCP 192.168.50.10 -> 10.96.0.10:80, new, from this node  (desired rules)\nOUTPUT nat\n")
        )
        #expect(own.report.packet.isFromNode)
        let pod = try trace("10.244.1.9:4000", "10.96.0.10:80", state)
        #expect(pod.text.hasPrefix("TCP 10.244.1.9:4000 -> 10.96.0.10:80, new, in by cni0 "))
        #expect(pod.report.packet.sourcePort == 4000)
        let chosen = try trace("10.244.1.9", "10.96.0.10:80", state, interface: "veth7")
        #expect(chosen.report.packet.interface == "veth7")
    }

    @Test("of manifests alone knows the addresses of the Node, and reports what it does not know")
    func offline() throws {
        let (text, report) = try trace("192.168.50.20", "192.168.50.10:30080", state())
        #expect(report.outcomes.count == 3)
        #expect(text.contains("in by an unknown interface"))
        #expect(text.contains("     masqueraded to an address of this node\n"))
        #expect(
            text.hasSuffix(
                "note: no machine was read: its addresses are those of the Node, its routes and foreign rules are unknown\n"
            ))
    }

    @Test("ends with status 2 where packets are refused or dropped")
    func refused() throws {
        let refused = try trace("192.168.50.20", "10.96.0.11:80", state(SampleState.shop, .node()))
        #expect(refused.report.exitStatus == 2)
        #expect(refused.text.contains("\n=> rejected with icmp-port-unreachable\n"))
        #expect(refused.text.contains("  [shop/alone]"))
        let dropped = try trace("10.244.1.9", "10.96.0.12:53/udp", state(SampleState.shop, .node()))
        #expect(dropped.report.exitStatus == 2)
        #expect(dropped.text.contains("\n=> dropped\n"))
    }

    @Test("names the endpoint that a client is pinned to, and until when")
    func affinity() throws {
        var machine = try FakeMachine.node()
        let client = try #require(IPAddress("10.244.1.9"))
        let first = try trace("10.244.1.9", "10.96.0.10:80", state(SampleState.shop, machine))
        #expect(first.text.contains("     remembers this client for 10,800 s\n"))
        #expect(first.report.outcomes.map(\.fraction) == ["1/2", "1/2"])

        let chains = first.report.outcomes.flatMap(\.hops).map(\.chain).filter { $0.hasPrefix("KUBE-SEP-") }
        let list = try #require(chains.first.flatMap { ChainName(validating: $0) })
        machine.lists = [list: [client: RecentClient(age: 8489)]]
        let second = try trace("10.244.1.9", "10.96.0.10:80", state(SampleState.shop, machine))
        let endpoint = try #require(first.report.outcomes.first?.endpoint)
        #expect(second.report.outcomes.count == 1)
        #expect(second.text.contains("     this client is pinned to \(endpoint), 2,311 s left\n"))
        #expect(second.report.outcomes.first?.affinity?.secondsLeft == 2311)

        // A list that cannot be read is not guessed.
        machine.lists = nil
        let unknown = try trace("10.244.1.9", "10.96.0.10:80", state(SampleState.shop, machine))
        #expect(unknown.report.outcomes.contains { $0.conditions.contains { $0.hasPrefix("if -m recent --rcheck ") } })
        #expect(unknown.report.exitStatus == 0)
    }

    @Test(
        "of manifests alone takes no client as remembered, which matters for lists only", arguments: ["recent", "hash"])
    func affinityWithoutMachine(mode: String) throws {
        let manifests = Self.spread.replacing(
            "metadata: {name: web, namespace: shop}\nspec: {",
            with: """
                metadata: {name: web, namespace: shop, annotations: {kubetables.io/session-affinity-mode: \(mode)}}
                spec: {sessionAffinity: ClientIP, 
                """)
        let (text, report) = try trace("10.244.1.9", "10.96.0.10:80", state(manifests))
        #expect(report.outcomes.count == (mode == "hash" ? 1 : 3), "\(text)")
        #expect(report.outcomes.allSatisfy { $0.affinity != nil })
        let note = "session affinity: outcomes are those of a client that no endpoint is remembered for"
        #expect(report.notes.contains(note) == (mode == "recent"), "\(text)")
    }

    @Test("names flows that go on as they are")
    func flows() throws {
        var machine = try FakeMachine.node()
        func end(_ text: String) throws -> AddressPort { try #require(AddressPort(text)) }
        machine.flows = [
            InspectedFlow(
                source: try end("192.168.50.20:4000"), answeredBy: try end("10.244.9.9:8080"),
                answersTo: try end("192.168.50.10:61000"))
        ]
        let any = try trace("192.168.50.20", "192.168.50.10:30080", state(Self.spread, machine))
        #expect(
            any.text.contains(
                "\nflow: 192.168.50.20:4000 goes to 10.244.9.9:8080, masqueraded to 192.168.50.10:61000\n"))
        #expect(
            any.report.notes == [
                "the flows listed go on as they do, whatever the rules are now; the outcomes are those of a new one"
            ])
        let same = try trace("192.168.50.20:4000", "192.168.50.10:30080", state(Self.spread, machine))
        #expect(
            same.report.notes == [
                "connection tracking knows this flow: its packets go on as listed, whatever the rules are now"
            ])
        let other = try trace("192.168.50.20:4001", "192.168.50.10:30080", state(Self.spread, machine))
        #expect(other.report.flows.isEmpty && other.report.notes.isEmpty)
        let established = try trace(
            "192.168.50.20:4000", "192.168.50.10:30080", state(Self.spread, machine), in: "established")
        #expect(established.report.outcomes.map(\.endpoint) == ["10.244.9.9:8080"])
    }

    @Test("through the kernel's rules marks foreign ones, and names what cannot be decided")
    func live() throws {
        var machine = try FakeMachine.node()
        let state = state(Self.spread, machine)
        machine.contents = FakeMachine.contents(try #require(state.compilations.first).ruleset)
        let forward = try #require(machine.contents.firstIndex { $0.table == .filter })
        let chain = try #require(machine.contents[forward].chains.firstIndex { $0.name == "FORWARD" })
        let drop = Rule(destination: AddressMatch(try #require(IPAddress("10.244.1.11"))), target: .drop)
        machine.contents[forward].chains[chain].rules.insert(CountedRule(.known(drop)), at: 0)
        machine.nftablesChains = 3
        let (text, report) = try trace(
            "192.168.50.20", "10.96.0.10:80", self.state(Self.spread, machine), live: true, ReportOutput(.wide))
        #expect(report.exitStatus == 2)
        #expect(report.rules == "kernel")
        #expect(text.contains("    FORWARD#1  -A FORWARD -d 10.244.1.11/32 -j DROP  [foreign]\n"), "\(text)")
        #expect(
            text.contains("=> 1/3 (33.33%): dropped, on the way to 10.244.1.11:8080, pod web-0 on node-1\n"), "\(text)")
        #expect(text.contains("note: 1 foreign rule is on the way, marked \"foreign\"\n"))
        #expect(
            text.contains(
                "note: nf_tables holds 3 chains as well: its rules see each packet too, and are not in this trace\n"))
        #expect(report.hops.allSatisfy { !$0.isForeign })

        machine.failure = .notPermitted("no")
        #expect(throws: InquiryFailure.notPermitted("no")) {
            try trace("192.168.50.20", "10.96.0.10:80", self.state(Self.spread, machine), live: true)
        }
        #expect(throws: InquiryFailure.unavailable("the rules of this node's kernel cannot be read from here")) {
            try trace("192.168.50.20", "10.96.0.10:80", self.state(), live: true)
        }
    }

    @Test("names why the kernel does not route a packet")
    func unroutable() throws {
        var machine = try FakeMachine.node()
        machine.node.routes = []
        let (text, report) = try trace("192.168.50.20", "203.0.113.9:80", state(Self.spread, machine))
        #expect(text.contains("=> dropped by the kernel: no route to 203.0.113.9\n"), "\(text)")
        #expect(report.outcomes.first?.detail == "no route to 203.0.113.9" && report.exitStatus == 2)
        machine = try FakeMachine.node()
        machine.node.isForwarding = false
        let closed = try trace("192.168.50.20", "203.0.113.9:80", state(Self.spread, machine)).text
        #expect(closed.contains("because this node does not forward packets (ip_forward is 0)\n"), "\(closed)")
    }

    @Test(
        "names why no rule translates a packet",
        arguments: [
            ("10.96.0.99:80", "no Service has the address 10.96.0.99:80/TCP"),
            ("10.96.0.10:81", "10.96.0.10 is an address of shop/web, whose port is 80/TCP"),
            ("10.244.1.11:8080", "10.244.1.11:8080 is an endpoint of shop/web:http: no rule translates packets to it"),
            (
                "192.168.50.77:30080",
                "30080 is the node port of shop/web:http, which answers only on the addresses of a node"
            ),
        ])
    func unreached(destination: String, note: String) throws {
        let report = try trace("192.168.50.20", destination, state(Self.spread, .node())).report
        #expect(report.notes == [note])
        #expect(report.exitStatus == 0)
    }

    @Test(
        "refuses arguments that make no sense",
        arguments: [
            (["x", "10.0.0.1:80"], "invalid source \"x\": must be ADDRESS or ADDRESS:PORT"),
            (["10.0.0.1:0", "10.0.0.1:80"], "invalid source \"10.0.0.1:0\""),
            (["10.0.0.1", "10.0.0.2"], "the destination 10.0.0.2 has no port: write 10.0.0.2:PORT/tcp"),
            (["fd00::1", "fd00::2/udp"], "the destination fd00::2 has no port: write [fd00::2]:PORT/udp"),
            (
                ["10.0.0.1", "10.0.0.2:70000"],
                "invalid port \"70000\": must be a number from 1 to 65535, as in 10.0.0.2:80"
            ),
            (["10.0.0.1:99999", "10.0.0.2:80"], "invalid source \"10.0.0.1:99999\": invalid port \"99999\""),
            (["010.0.0.1", "10.0.0.2:80"], "\"010\" has a leading zero, which some programs read as octal: write 10"),
            (["10.0.0.1", "10.0.0.02:80"], "\"02\" has a leading zero"),
            (["10.0.0.1", "fd00::2:99999"], "only an IPv6 address with a port is in brackets: write [fd00::2]:80"),
            (["10.0.0.1", "10.0.0.2:80/icmp"], "unsupported protocol \"icmp\" (supported: tcp, udp, sctp)"),
            (
                ["10.0.0.1", "[fd00::2]:80"],
                "10.0.0.1 is IPv4 and fd00::2 is IPv6: both addresses must be of one IP family"
            ),
            (["10.0.0.1", "10.0.0.2:80", "a b"], "invalid interface \"a b\": must be a name of 1-15 characters"),
            (
                ["10.0.0.1", "10.0.0.2:80", "eth0", "x"],
                "unsupported state \"x\" (supported: new, established, related, invalid)"
            ),
        ])
    func invalid(arguments: [String], message: String) throws {
        let inquiry = TraceInquiry(
            from: arguments[0], to: arguments[1], interface: arguments.count > 2 ? arguments[2] : nil,
            state: arguments.count > 3 ? arguments[3] : nil)
        let failure = #expect(throws: InquiryFailure.self) { try inquiry.check() }
        #expect(failure?.description.contains(message) == true, "\(failure as Any)")
        #expect(throws: InquiryFailure.self) { try TraceInquiry(inquiry.parameters) }
    }

    @Test("of a family without rules is refused")
    func family() {
        #expect(throws: InquiryFailure.notFound("there are no rules for IPv6 on this node")) {
            try trace("fd00::1", "[fd00::2]:80", self.state())
        }
    }

    @Test("is a value in JSON, and its inquiry a request")
    func json() throws {
        let (text, report) = try trace(
            "192.168.50.20", "10.96.0.10:80", state(Self.spread, .node()), ReportOutput(.json))
        #expect(try JSONDecoder().decode(TraceReport.self, from: Data(text.utf8)) == report)
        #expect(text.contains("\"kind\": \"Trace\""))
        let inquiry = TraceInquiry(
            from: "10.0.0.1:4000", to: "10.96.0.10:80/udp", interface: "eth0", state: "related", isLive: true)
        #expect(try TraceInquiry(inquiry.parameters) == inquiry)
        #expect(throws: InquiryFailure.self) { try TraceInquiry(InquiryParameters()) }
    }

    @Test("has many outcomes of a large Service, of which text shows the first ones")
    func large() throws {
        let addresses = (0..<200).map { "- {addresses: [10.244.3.\($0 + 1)]}" }.joined(separator: "\n")
        let start = try #require(Self.spread.range(of: "endpoints:\n")).upperBound
        let (text, report) = try trace(
            "192.168.50.20", "10.96.0.10:80", state(String(Self.spread[..<start]) + addresses + "\n", .node()))
        #expect(report.outcomes.count == 200)
        #expect(report.outcomes.allSatisfy { $0.fraction == "1/200" })
        #expect(text.contains("\n… and 180 more outcomes (-o wide shows all)\n"))
    }
}
