// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import ServiceModel
import Testing

@Suite struct StaleFlowFinderTests {
    private static let node = address("192.168.50.10")

    private func finder(_ servicePorts: ServicePortEndpoints..., former: [ServicePort] = []) -> StaleFlowFinder {
        StaleFlowFinder(servicePorts, former: former, nodePortAddresses: [Self.node])
    }

    @Test func aFlowIsStaleWhenNoServingEndpointAnswersIt() {
        let finder = finder(service(endpoints: ["10.244.1.5:53", "10.244.1.6:5353"]))
        #expect(!finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:53")))
        #expect(!finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.6:5353")))
        #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.7:53")))
        // The same pod, another port: the target port changed.
        #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:5353")))
        // It began before there were rules.
        #expect(finder.isStale(flow("10.96.0.10:53")))
    }

    @Test func flowsToOtherPlacesAreNobodysBusiness() {
        let finder = finder(service(nodePort: 30053, endpoints: ["10.244.1.5:53"]))
        #expect(!finder.isStale(flow("10.96.0.10:54")))
        #expect(!finder.isStale(flow("10.96.0.11:53", answering: "10.244.1.7:53")))
        #expect(!finder.isStale(flow("8.8.8.8:53")))
        #expect(!finder.isStale(flow("[fd00::1]:53")))
    }

    @Test func allFlowsToAServiceWithoutEndpointsAreStale() {
        let finder = finder(service(nodePort: 30053, endpoints: []))
        #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:53")))
        #expect(finder.isStale(flow("10.96.0.10:53")))
        #expect(finder.isStale(flow("192.168.50.10:30053", answering: "10.244.1.5:53")))
    }

    @Test func onlyUDPFlowsCount() {
        let finder = finder(
            service(endpoints: ["10.244.1.5:53"]), service("web", .tcp, port: 80, endpoints: []),
            service("sigtran", .sctp, port: 2905, endpoints: []))
        #expect(!finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.7:53", transport: .tcp)))
        #expect(!finder.isStale(flow("10.96.0.10:80", answering: "10.244.1.7:80", transport: .tcp)))
        #expect(!finder.isStale(flow("10.96.0.10:2905", answering: "10.244.1.7:2905", transport: .sctp)))
        // A UDP flow to the number of a TCP port.
        #expect(!finder.isStale(flow("10.96.0.10:80", answering: "10.244.1.7:80")))
    }

    private func answersCount(of conditions: EndpointConditions) -> Bool {
        let finder = finder(service(endpoints: ["10.244.1.5:53"], conditions: conditions))
        return !finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:53"))
    }

    @Test func endpointsThatServeCountWhateverElseTheyAre() {
        #expect(answersCount(of: [.ready, .serving]))
        #expect(answersCount(of: .serving))
        #expect(answersCount(of: [.serving, .terminating]))
        // publishNotReadyAddresses: rules lead there.
        #expect(answersCount(of: .ready))
        #expect(!answersCount(of: .terminating))
        #expect(!answersCount(of: []))
    }

    @Test func externalAddressesCountAsTheClusterIPDoes() {
        let finder = finder(
            service(externalIPs: ["203.0.113.1"], loadBalancerVIPs: ["203.0.113.2"], endpoints: ["10.244.1.5:53"]))
        for frontend in ["203.0.113.1:53", "203.0.113.2:53"] {
            #expect(!finder.isStale(flow(frontend, answering: "10.244.1.5:53")))
            #expect(finder.isStale(flow(frontend, answering: "10.244.1.7:53")))
            #expect(finder.isStale(flow(frontend)))
        }
    }

    @Test func masqueradingMakesNoDifference() {
        let finder = finder(service(endpoints: ["10.244.1.5:53"]))
        // A pod that asks for itself.
        #expect(
            !finder.isStale(
                flow(
                    "10.96.0.10:53", answering: "10.244.1.5:53", from: "10.244.1.5:4000",
                    masqueradedAs: "192.168.50.10:61000")))
        #expect(
            finder.isStale(
                flow("10.96.0.10:53", answering: "10.244.1.7:53", masqueradedAs: "192.168.50.10:61000")))
    }

    @Test func aNodePortCountsOnTheNodeAndWhereItWasRedirected() {
        let finder = finder(service(nodePort: 30053, endpoints: ["10.244.1.5:53"]))
        #expect(!finder.isStale(flow("192.168.50.10:30053", answering: "10.244.1.5:53")))
        #expect(finder.isStale(flow("192.168.50.10:30053", answering: "10.244.1.7:53")))
        #expect(finder.isStale(flow("192.168.50.10:30053")))
        // An address that the node had, or has without an interface.
        #expect(finder.isStale(flow("192.168.60.10:30053", answering: "10.244.1.7:53")))
        #expect(!finder.isStale(flow("192.168.60.10:30053", answering: "10.244.1.5:53")))
        // The node forwards it to another host; kube-proxy would delete it.
        #expect(!finder.isStale(flow("192.168.60.10:30053")))
    }

    @Test func anotherServicesPortMayHaveTheNumberOfANodePort() {
        let finder = finder(
            service(nodePort: 30053, endpoints: ["10.244.1.5:53"]),
            service("game", clusterIP: "10.96.0.20", port: 30053, endpoints: ["10.244.1.6:7777"]))
        // kube-proxy would delete it at each cleanup.
        #expect(!finder.isStale(flow("10.96.0.20:30053", answering: "10.244.1.6:7777")))
        #expect(finder.isStale(flow("10.96.0.20:30053", answering: "10.244.1.5:53")))
    }

    @Test func oneExternalAddressOfTwoServicesMayLeadToEither() {
        let finder = finder(
            service("a", externalIPs: ["203.0.113.1"], endpoints: ["10.244.1.5:53"]),
            service("b", clusterIP: "10.96.0.20", externalIPs: ["203.0.113.1"], endpoints: ["10.244.1.6:53"]))
        #expect(!finder.isStale(flow("203.0.113.1:53", answering: "10.244.1.5:53")))
        #expect(!finder.isStale(flow("203.0.113.1:53", answering: "10.244.1.6:53")))
        #expect(finder.isStale(flow("203.0.113.1:53", answering: "10.244.1.7:53")))
        #expect(finder.isStale(flow("10.96.0.20:53", answering: "10.244.1.5:53")))
    }

    @Test func inOtherZonesOnlyRedirectedFlowsCount() {
        let finder = finder(service(nodePort: 30053, endpoints: ["10.244.1.5:53"]))
        #expect(!finder.isStale(flow("10.96.0.10:53", zone: .both(65520))))
        #expect(!finder.isStale(flow("192.168.50.10:30053", zone: .both(65520))))
        #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.7:53", zone: .both(1))))
    }

    @Test("in a zone of one direction, which no virtual switch makes, a flow counts as in none")
    func zonesOfOneDirection() {
        let finder = finder(service(nodePort: 30053, endpoints: ["10.244.1.5:53"]))
        for zone in [FlowZone.original(9), .reply(9)] {
            #expect(finder.isStale(flow("10.96.0.10:53", zone: zone)))
            #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.7:53", zone: zone)))
            #expect(!finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:53", zone: zone)))
        }
    }

    @Test("after a time without rules, unanswered TCP connections that were not redirected are stale, and no others")
    func connectionsWithoutRules() {
        let web = service(
            "web", .tcp, port: 80, nodePort: 30080, externalIPs: ["203.0.113.1"], loadBalancerVIPs: ["203.0.113.2"],
            endpoints: ["10.244.1.5:8080"])
        let after = StaleFlowFinder([web], nodePortAddresses: [Self.node], afterGap: true)
        func connection(_ destination: String, answering: String? = nil, isUnanswered: Bool = true) -> Flow {
            flow(destination, answering: answering, transport: .tcp, isUnansweredConnection: isUnanswered)
        }
        let places = ["10.96.0.10:80", "203.0.113.1:80", "203.0.113.2:80", "192.168.50.10:30080"]
        for place in places {
            #expect(after.isStale(connection(place)))
            #expect(!after.isStale(connection(place, isUnanswered: false)))
            #expect(!after.isStale(connection(place, answering: "10.244.1.5:8080")))
            // An endpoint that does not answer is not what this is about.
            #expect(!after.isStale(connection(place, answering: "10.244.1.9:8080")))
            #expect(!StaleFlowFinder([web], nodePortAddresses: [Self.node]).isStale(connection(place)))
        }
        for place in ["10.96.0.10:81", "10.96.0.11:80", "192.168.60.10:30080", "192.168.50.10:80"] {
            #expect(!after.isStale(connection(place)))
        }
        #expect(!StaleFlowFinder([web]).hasAny)
        #expect(after.hasAny)
    }

    @Test("front ends of which nothing else is known count as former ones")
    func formerFrontEnds() {
        let finder = StaleFlowFinder([], formerFrontEnds: [.address(end("10.96.0.10:53")), .nodePort(30053)])
        #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:53")))
        #expect(finder.isStale(flow("192.168.50.10:30053", answering: "10.244.1.5:53")))
        #expect(!finder.isStale(flow("10.96.0.10:53")))
        #expect(!finder.isStale(flow("10.96.0.10:54", answering: "10.244.1.5:53")))
    }

    @Test func whatAServiceHadBeforeIsStaleIfItWasRedirected() {
        let gone = service(nodePort: 30053, externalIPs: ["203.0.113.1"], endpoints: []).servicePort
        let finder = finder(
            service("new", clusterIP: "10.96.0.20", externalIPs: ["203.0.113.1"], endpoints: ["10.244.1.6:53"]),
            former: [gone, service("web", .tcp, port: 80, endpoints: []).servicePort])
        #expect(finder.hasAny)
        #expect(finder.isStale(flow("10.96.0.10:53", answering: "10.244.1.5:53")))
        #expect(finder.isStale(flow("192.168.50.10:30053", answering: "10.244.1.5:53")))
        #expect(!finder.isStale(flow("10.96.0.10:53")))
        #expect(!finder.isStale(flow("10.96.0.10:80", answering: "10.244.1.5:80")))
        // Another Service has the address now.
        #expect(!finder.isStale(flow("203.0.113.1:53", answering: "10.244.1.6:53")))
        #expect(finder.isStale(flow("203.0.113.1:53", answering: "10.244.1.5:53")))
    }

    @Test func ipv6IsJudgedAlike() {
        let finder = StaleFlowFinder(
            [service(clusterIP: "fd00:10:96::a", nodePort: 30053, endpoints: ["[fd00:10:244::1:5]:53"])],
            nodePortAddresses: [address("fd00::10")])
        #expect(!finder.isStale(flow("[fd00:10:96::a]:53", answering: "[fd00:10:244::1:5]:53")))
        #expect(finder.isStale(flow("[fd00:10:96::a]:53", answering: "[fd00:10:244::1:6]:53")))
        #expect(finder.isStale(flow("[fd00::10]:30053")))
        #expect(!finder.isStale(flow("[fd00::11]:30053")))
    }
}

@Suite struct CleanupNeedTests {
    private let dns = service(endpoints: ["10.244.1.5:53"])
    private let web = service("web", .tcp, port: 80, endpoints: ["10.244.1.5:80"])

    private func isNeeded(_ old: ServicePortEndpoints..., to new: [ServicePortEndpoints]) -> Bool {
        StaleFlowFinder.isCleanupNeeded(from: old, to: new)
    }

    @Test func nothingIsNeededWhereNothingIsUDP() {
        #expect(!StaleFlowFinder([web]).hasAny)
        #expect(!StaleFlowFinder([]).hasAny)
        #expect(!isNeeded(web, to: [service("web", .tcp, port: 80, endpoints: [])]))
        #expect(!isNeeded(web, to: []))
    }

    @Test func endpointsAddressesAndNodePortsOfUDPPortsCount() {
        #expect(StaleFlowFinder([web, dns]).hasAny)
        #expect(!isNeeded(dns, to: [dns]))
        #expect(!isNeeded(dns, web, to: [dns]))
        #expect(isNeeded(dns, to: []))
        #expect(isNeeded(to: [dns]))
        #expect(isNeeded(dns, to: [service(endpoints: [])]))
        #expect(isNeeded(dns, to: [service(endpoints: ["10.244.1.6:53"])]))
        #expect(isNeeded(dns, to: [service(externalIPs: ["203.0.113.1"], endpoints: ["10.244.1.5:53"])]))
        #expect(isNeeded(dns, to: [service(nodePort: 30053, endpoints: ["10.244.1.5:53"])]))
    }

    @Test func whatDecidesOnTheChoiceOfEndpointsDoesNot() {
        var other = dns
        other.servicePort.internalTrafficPolicy = .local
        other.servicePort.sessionAffinity = .clientIP(timeoutSeconds: 60)
        other.endpoints[0].zoneHints = ["a"]
        other.endpoints[0].conditions = [.serving, .terminating]
        #expect(!isNeeded(dns, to: [other]))
        other.endpoints[0].conditions = [.terminating]
        #expect(isNeeded(dns, to: [other]))
    }

    @Test func manyTCPServicesCostNextToNothing() {
        let many = (0..<10_000).map { index in
            service("web-\(index)", .tcp, clusterIP: "10.97.\(index >> 8).\(index & 255)", endpoints: ["10.244.1.5:80"])
        }
        let time = ContinuousClock().measure {
            #expect(!StaleFlowFinder(many).hasAny)
        }
        // About 1 ms without optimization.
        #expect(time < .milliseconds(100))
    }
}
