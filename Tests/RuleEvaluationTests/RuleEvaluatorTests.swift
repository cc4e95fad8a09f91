// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import Testing
import XTables

@Suite("A packet to a Service") struct RuleEvaluatorTests {
    private typealias Sample = SampleRules

    private let thirds = [
        Share(Probability(fraction: 715_827_883)),
        Share(Probability(fraction: 715_827_883)).rest * Share(Probability(fraction: 1 << 30)),
        Share(Probability(fraction: 715_827_883)).rest * Share(Probability(fraction: 1 << 30)),
    ]

    @Test("goes to each endpoint with its exact share")
    func shares() throws {
        let outcomes = try Sample.walkthrough().outcomes(from: Sample.otherPod, to: Sample.clusterIP)
        #expect(outcomes.map(\.outcome.newDestination) == Sample.endpoints)
        #expect(outcomes.map(\.share) == thirds)
        #expect(outcomes.allSatisfy { $0.outcome.verdict == .sent(interface: "cni0") })
        #expect(outcomes.allSatisfy { $0.outcome.source == .unchanged && $0.assumptions.isEmpty })
    }

    @Test("is masqueraded if it comes from outside of the cluster, or from the endpoint itself")
    func masquerading() throws {
        let rules = try Sample.walkthrough()
        let outside = try rules.outcomes(from: Sample.client, to: Sample.clusterIP)
        #expect(outside.map(\.outcome.source) == [SourceTranslation](repeating: .masqueraded(Sample.node), count: 3))
        let itself = try rules.outcomes(from: Sample.pod, to: Sample.clusterIP)
        #expect(itself.map(\.outcome.source) == [.masqueraded(Sample.node), .unchanged, .unchanged])
        let node = try rules.outcomes(from: Sample.client, to: Sample.nodePort)
        #expect(node.map(\.outcome.newDestination) == Sample.endpoints)
        #expect(node.allSatisfy { $0.outcome.source == .masqueraded(Sample.node) })
    }

    @Test("of the node itself passes OUTPUT and POSTROUTING")
    func ofTheNode() throws {
        let packet = Sample.packet(from: Sample.node, to: Sample.clusterIP)
        let branches = try Sample.walkthrough().evaluate(packet, on: Sample.network).branches
        #expect(branches.map(\.outcome.newDestination) == Sample.endpoints)
        #expect(branches.allSatisfy { $0.outcome.verdict == .sent(interface: "cni0") })
        #expect(Set(branches.flatMap(\.path).map(\.hook)) == [.output, .postrouting])
        // The mark is taken off again.
        #expect(branches.allSatisfy { $0.mark == 0 })
    }

    @Test("passes rules that are listed with chain, number and depth")
    func path() throws {
        let packet = Sample.packet(from: Sample.client, to: Sample.clusterIP)
        let branch = try #require(try Sample.walkthrough().evaluate(packet, on: Sample.network).branches.first)
        let steps = branch.path.map {
            "\($0.depth) \($0.table.rawValue) \($0.hook.rawValue) \($0.chain)#\($0.position)"
        }
        #expect(
            steps == [
                "0 nat PREROUTING PREROUTING#1", "1 nat PREROUTING KUBE-SERVICES#1",
                "2 nat PREROUTING KUBE-SVC-JOCJVTCKLKOLHFVR#1", "3 nat PREROUTING KUBE-MARK-MASQ#1",
                "2 nat PREROUTING KUBE-SVC-JOCJVTCKLKOLHFVR#2", "3 nat PREROUTING KUBE-SEP-ASCWTVJE3VKD5SS7#2",
                "0 filter FORWARD FORWARD#1", "0 filter FORWARD FORWARD#2", "1 filter FORWARD KUBE-FORWARD#2",
                "0 nat POSTROUTING POSTROUTING#1", "1 nat POSTROUTING KUBE-POSTROUTING#2",
                "1 nat POSTROUTING KUBE-POSTROUTING#3",
            ])
        let rule = try #require(branch.path[5].rule)
        #expect(rule.text(chain: "X", family: .ipv4).hasSuffix("-j DNAT --to-destination 10.244.1.191:80"))
    }

    @Test("of another port or protocol is not translated")
    func otherPort() throws {
        let rules = try Sample.walkthrough()
        for (destination, transport) in [
            (AddressPort(Sample.clusterIP.address, 81), TransportProtocol.tcp), (Sample.clusterIP, .udp),
            (end("10.108.102.13:80"), .tcp),
        ] {
            let outcomes = try rules.outcomes(from: Sample.otherPod, to: destination, transport)
            #expect(outcomes == [OutcomeShare(outcome: Outcome(.sent(interface: "eth0")))])
        }
        let local = try rules.outcomes(from: Sample.client, to: AddressPort(Sample.node, 22))
        #expect(local == [OutcomeShare(outcome: Outcome(.delivered))])
    }

    @Test("of an established connection goes where the connection goes, past nat")
    func established() throws {
        var packet = Sample.packet(from: Sample.client, to: Sample.clusterIP)
        packet.state = .established
        packet.tcpFlags = Packet.ackFlag
        packet.translation = ConnectionTranslation(
            destination: Sample.endpoints[1], source: AddressPort(Sample.node, 61_000))
        let branches = try Sample.walkthrough().evaluate(packet, on: Sample.network).branches
        #expect(branches.count == 1)
        #expect(branches[0].outcome.newDestination == Sample.endpoints[1])
        #expect(branches[0].outcome.source == .known(AddressPort(Sample.node, 61_000)))
        #expect(branches[0].outcome.verdict == .sent(interface: "cni0"))
        #expect(branches[0].path.last?.rule?.text(chain: "X", family: .ipv4).contains("ESTABLISHED") == true)
    }

    @Test("that connection tracking cannot place is dropped in FORWARD")
    func invalid() throws {
        var packet = Sample.packet(from: Sample.client, to: Sample.endpoints[0])
        packet.state = .invalid
        let branches = try Sample.walkthrough().evaluate(packet, on: Sample.network).branches
        #expect(branches.map(\.outcome) == [Outcome(.dropped)])
        #expect(branches[0].path.last?.chain == "KUBE-FORWARD")
    }

    @Test("to a loopback address from elsewhere is dropped, and to its node port translated")
    func loopback() throws {
        let rules = try Sample.walkthrough()
        let loopback = address("127.0.0.1")
        let fromElsewhere = try rules.outcomes(from: Sample.client, to: AddressPort(loopback, 10_250))
        #expect(fromElsewhere == [OutcomeShare(outcome: Outcome(.dropped))])
        let own = try rules.outcomes(from: loopback, to: AddressPort(loopback, 30_080))
        #expect(own.map(\.outcome.newDestination) == Sample.endpoints)
        #expect(own.allSatisfy { $0.outcome.source == .masqueraded(Sample.node) })
        var network = Sample.network
        network.routesLoopbackAddresses = false
        #expect(
            try rules.outcomes(from: loopback, to: AddressPort(loopback, 30_080), on: network).allSatisfy {
                $0.outcome.verdict == .unroutable
            })
        let local = try rules.outcomes(from: loopback, to: AddressPort(loopback, 80))
        #expect(local == [OutcomeShare(outcome: Outcome(.delivered))])
    }

    @Test("that has no route, no forwarding or an impossible source goes nowhere")
    func unroutable() throws {
        let rules = try Sample.walkthrough()
        var network = Sample.network
        network.routes?.removeFirst()
        let nowhere = end("203.0.113.1:80")
        #expect(
            try rules.outcomes(from: Sample.client, to: nowhere, on: network).map(\.outcome.verdict) == [.unroutable])
        #expect(try rules.outcomes(from: Sample.node, to: nowhere, on: network).map(\.outcome.verdict) == [.unroutable])
        // To a Service, it has the route of the endpoint, but the node itself needs one for the Service, too.
        #expect(try rules.outcomes(from: Sample.client, to: Sample.clusterIP, on: network).count == 3)
        network = Sample.network
        network.isForwarding = false
        #expect(
            try rules.outcomes(from: Sample.client, to: nowhere, on: network).map(\.outcome.verdict) == [.unroutable])
        let spoofed = Packet(from: Sample.node, to: nowhere, .tcp, origin: .network(interface: "eth0"))
        #expect(try rules.evaluate(spoofed, on: Sample.network).outcomes.map(\.outcome.verdict) == [.unroutable])
    }

    private static let affinity = """
        *nat
        :PREROUTING ACCEPT [0:0]
        :SEP-A - [0:0]
        :SEP-B - [0:0]
        :SVC - [0:0]
        -A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j SVC
        -A SVC -m recent --rcheck --seconds 100 --reap --name SEP-A --mask 255.255.255.255 --rsource -j SEP-A
        -A SVC -m recent --rcheck --seconds 100 --reap --name SEP-B --mask 255.255.255.255 --rsource -j SEP-B
        -A SVC -m statistic --mode random --probability 0.50000000000 -j SEP-A
        -A SVC -j SEP-B
        -A SEP-A -p tcp -m recent --set --name SEP-A --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.1:80
        -A SEP-B -p tcp -m recent --set --name SEP-B --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.2:80
        COMMIT

        """

    @Test("with affinity goes where the client's list leads as long as it is not too old")
    func affinity() throws {
        let rules = try Sample.evaluator(Self.affinity)
        let service = end("10.96.0.1:80")
        let first = try rules.outcomes(from: Sample.client, to: service)
        #expect(first.map(\.outcome.remembered) == [["SEP-A"], ["SEP-B"]])
        #expect(first.allSatisfy { $0.outcome.pinned.isEmpty && $0.share == Share(Probability(oneOutOf: 2)) })

        var network = Sample.network
        network.recentClients = ["SEP-B": [Sample.client: RecentClient(age: 100)]]
        let again = try rules.outcomes(from: Sample.client, to: service, on: network)
        #expect(again.map(\.outcome.newDestination) == [AddressPort("10.244.0.2:80")])
        #expect(again.map(\.outcome.pinned) == [["SEP-B"]])
        #expect(again.map(\.share) == [.all])
        #expect(try rules.outcomes(from: Sample.otherPod, to: service, on: network).count == 2)

        network.recentClients = ["SEP-B": [Sample.client: RecentClient(age: 101)]]
        #expect(try rules.outcomes(from: Sample.client, to: service, on: network).count == 2)
    }

    @Test("with affinity has a way for each list if the lists are not known")
    func unknownLists() throws {
        let rules = try Sample.evaluator(Self.affinity)
        var network = Sample.network
        network.recentClients = nil
        let outcomes = try rules.outcomes(from: Sample.client, to: end("10.96.0.1:80"), on: network)
        #expect(
            outcomes.map { $0.assumptions.map(\.isMet) } == [[true], [false, true], [false, false], [false, false]])
        #expect(outcomes.map(\.outcome.pinned) == [["SEP-A"], ["SEP-B"], [], []])
        #expect(outcomes.map(\.share.description) == ["100.00%", "100.00%", "50.00%", "50.00%"])
        #expect(outcomes[0].assumptions[0].condition == "-m recent --rcheck --seconds 100 --name SEP-A")
    }

    @Test("without endpoints is rejected by the node and for others")
    func rejected() throws {
        let rules = try Sample.evaluator(
            """
            *filter
            :SVC - [0:0]
            -A FORWARD -m conntrack --ctstate NEW -j SVC
            -A OUTPUT -m conntrack --ctstate NEW -j SVC
            -A SVC -d 10.96.0.7/32 -p udp -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable
            COMMIT

            """)
        for source in [Sample.client, Sample.node] {
            let outcomes = try rules.outcomes(from: source, to: end("10.96.0.7:53"), .udp)
            #expect(outcomes == [OutcomeShare(outcome: Outcome(.rejected(with: "icmp-port-unreachable")))])
        }
    }

    @Test("of the other family, or of rules that cannot be followed, is an error")
    func errors() throws {
        let rules = try Sample.walkthrough()
        let packet = Packet(from: .loopback(.ipv6), to: AddressPort(.loopback(.ipv6), 80), .tcp, origin: .host)
        #expect(throws: EvaluationError.otherFamily) { try rules.evaluate(packet, on: Sample.network) }
        let missing = try Sample.evaluator("*nat\n-A PREROUTING -j GONE\nCOMMIT\n")
        #expect(throws: EvaluationError.missingChain("GONE", .nat)) {
            try missing.outcomes(from: Sample.client, to: Sample.clusterIP)
        }
        let loop = try Sample.evaluator(
            "*nat\n:A - [0:0]\n:B - [0:0]\n-A PREROUTING -j A\n-A A -j B\n-A B -j A\nCOMMIT\n")
        #expect { try loop.outcomes(from: Sample.client, to: Sample.clusterIP) } throws: { error in
            "\(error)".contains("leads back to itself")
        }
    }
}
