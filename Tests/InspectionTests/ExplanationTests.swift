// SPDX-License-Identifier: Apache-2.0

import Foundation
import Inspection
import NetworkTypes
import Testing

@Suite("An explanation") struct ExplanationTests {
    private let state = SampleState.read(SampleState.shop)

    private func explain(_ subject: String, _ namespace: String? = nil, wide: Bool = false) throws -> String {
        try SampleState.text(
            ExplanationInquiry(subject, namespace: namespace), state, ReportOutput(wide ? .wide : .table))
    }

    @Test("has front ends, endpoints and reasons of a Service, however it is named")
    func service() throws {
        let text = try explain("shop/web")
        #expect(
            text.hasPrefix(
                """
                shop/web  NodePort, m.yaml, line 1
                  port http: 80/TCP, IPv4: ok
                    slice web-2 has port "web", the Service wants "http"
                    cluster IP 10.96.0.10:80: balanced over 2 endpoints (policy Cluster)
                    external IP 203.0.113.7:80: goes to 1 endpoint (policy Local)
                    node port 30080: goes to 1 endpoint (policy Local)
                    session affinity: connections of a client go to one endpoint until 10800 s pass without a new one
                    endpoints: 2 of 3 used

                """))
        #expect(text.contains("    chains: KUBE-"))
        #expect(text.hasSuffix("\n-o wide shows the rules\n"))
        for (subject, namespace) in [
            ("service/web", "shop"), ("svc/web", "shop"), ("web", "shop"), ("shop/web:http", nil),
        ] {
            #expect(try explain(subject, namespace) == text)
        }
        #expect(try explain("shop/web", wide: true).contains("    nat: -A KUBE-SERVICES -d 10.96.0.10/32 "))
    }

    @Test("has what is odd about a Service that is used: an annotation that is misspelled has no effect")
    func warnings() throws {
        let manifests = SampleState.shop.replacingOccurrences(
            of: "{name: web, namespace: shop}\nspec:",
            with: "{name: web, namespace: shop, annotations: {kubetables.io/rety: \"true\"}}\nspec:")
        let state = SampleState.read(manifests)
        let sentence =
            "metadata.annotations.kubetables.io/rety: unknown annotation; did you mean \"kubetables.io/retry\"?"
        #expect(try SampleState.text(ExplanationInquiry("shop/web"), state).contains("  warning: \(sentence)\n"))
        #expect(try SampleState.text(StatusInquiry(), state, ReportOutput(.wide)).contains(sentence))
    }

    @Test(
        "has how connections are spread, unless it is at random",
        arguments: [
            ("round-robin", "balance: the endpoints take turns (round-robin)"),
            (
                "source-hash",
                "balance: a hash of the client's address chooses the endpoint, on each node the same (source-hash)"
            ), ("random", nil),
        ])
    func balance(policy: String, sentence: String?) throws {
        let manifests = SampleState.shop.replacingOccurrences(
            of: "{name: web, namespace: shop}\nspec:",
            with: "{name: web, namespace: shop, annotations: {kubetables.io/balance: \(policy)}}\nspec:")
        let state = SampleState.read(manifests)
        let text = try SampleState.text(ExplanationInquiry("shop/web"), state)
        #expect(text.contains("    balance: ") == (sentence != nil))
        if let sentence { #expect(text.contains("    \(sentence)\n"), "\(text)") }
        let inquiry = ServiceInquiry(.init(names: ["web"]))
        let wide = try SampleState.text(inquiry, state, ReportOutput(.wide))
        #expect(wide.contains(policy) == (sentence != nil))
        let json = try SampleState.text(inquiry, state, ReportOutput(.json))
        #expect(json.contains("\"balance\":\"\(policy)\"") == (sentence != nil), "\(json)")
        let graph = try #require(try GraphInquiry("shop/web").report(on: state) as? ServiceGraph)
        let takesTurns = graph.nodes.contains { $0.details.contains("endpoints take turns") }
        #expect(takesTurns == (policy == "round-robin"))
        if policy != "source-hash" { #expect(graph.edges.contains { $0.fraction == "1/2" }) }
    }

    @Test("names the cause where endpoints are missing")
    func causes() throws {
        #expect(
            try explain("shop/alone").contains(
                """
                  port 80/TCP, IPv4: no-endpoints
                    no EndpointSlice has the label kubernetes.io/service-name: alone in namespace shop
                    cluster IP 10.96.0.11:80: refused: no endpoint can answer (policy Cluster)
                """))
        #expect(
            try explain("shop/elsewhere").contains(
                "cluster IP 10.96.0.12:53: dropped: no endpoint on this node (policy Local)"))
        #expect(try explain("shop/thief").contains("10.96.0.11:80/TCP of shop/thief is claimed by shop/alone too"))
        #expect(try explain("shop/headless").contains("  headless (clusterIP: None)"))
        #expect(try explain("shop/broken").contains("  invalid: spec.clusterIP: invalid IP address \"10.96.0.300\""))
    }

    @Test(
        "names what is wrong with a slice",
        arguments: [
            (
                "addressType: IPv4, ports: [{name: web, port: 80}]",
                "slice s has port \"web\", the Service wants \"http\""
            ),
            ("addressType: IPv4, ports: [{port: 80}]", "slice s has port without a name, the Service wants \"http\""),
            (
                "addressType: IPv4, ports: [{name: http, port: 80, protocol: UDP}]",
                "slice s has port \"http\" for UDP, the Service wants TCP"
            ),
            ("addressType: IPv4, ports: []", "slice s has no port with a number, the Service wants \"http\""),
            (
                "addressType: IPv6, ports: [{name: http, port: 80}]",
                "slice s has IPv6 addresses, the Service wants IPv4"
            ),
            ("addressType: FQDN, ports: [{name: http, port: 80}]", "slice s has addressType FQDN"),
            ("addressType: IPv4, ports: [{name: http, port: 80}]", "slice s has no endpoints: no pod matches"),
        ])
    func slices(slice: String, cause: String) throws {
        let state = SampleState.read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: a}
            spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, labels: {kubernetes.io/service-name: a}},
             \(slice)}

            """)
        let text = try SampleState.text(ExplanationInquiry("a"), state)
        #expect(text.contains("    \(cause)"), "\(text)")
    }

    @Test("finds the Service of an address, an endpoint and a chain")
    func search() throws {
        #expect(
            try explain("10.96.0.10:80").hasPrefix("10.96.0.10:80 is the cluster IP of shop/web:http/TCP\nshop/web  "))
        #expect(
            try explain("192.168.50.10:30080").hasPrefix("192.168.50.10:30080 is a node port of shop/web:http/TCP\n"))
        #expect(try explain("10.244.2.12").hasPrefix("10.244.2.12 is an endpoint of shop/web:http/TCP\n"))
        #expect(try explain("10.96.0.12:53/udp").hasPrefix("10.96.0.12:53 is the cluster IP of shop/elsewhere/UDP\n"))
        // Two Services claim it.
        let both = try explain("10.96.0.11:80")
        #expect(both.contains("\nshop/alone  ") && both.contains("\nshop/thief  "))
        let words = try explain("shop/web").split(whereSeparator: { " ,\n".contains($0) })
        let chain = try #require(words.first { $0.hasPrefix("KUBE-SEP-") })
        #expect(
            try explain(String(chain)).hasPrefix("\(chain) is a chain of shop/web:http in table nat, IPv4\nshop/web  "))
    }

    @Test(
        "refuses what nothing is known of",
        arguments: [
            (
                "web",
                "there is no Service default/web, and no Service has a chain of that name; did you mean \"shop/web\"?"
            ),
            (
                "shop/wbe",
                "there is no Service shop/wbe, and no Service has a chain of that name; did you mean \"shop/web\"?"
            ),
            ("shop/payments", "there is no Service shop/payments, and no Service has a chain of that name"),
            (
                "KUBE-SERVICES",
                "the chain KUBE-SERVICES belongs to no single Service, because all Services share it: 'kubetables explain "
                    + "NAMESPACE/NAME -o wide' shows the rules of one"
            ),
            ("10.0.0.1:80", "no Service and no endpoint has the address 10.0.0.1:80"),
            ("10.96.0.12:53/tcp", "no Service and no endpoint has the address 10.96.0.12:53/tcp"),
        ])
    func unknown(subject: String, message: String) {
        #expect(throws: InquiryFailure.notFound(message)) { try explain(subject) }
    }

    @Test(
        "refuses addresses that are not written right",
        arguments: [
            ("10.96.0.10:99999", "invalid port \"99999\": must be a number from 1 to 65535, as in 10.96.0.10:80"),
            ("10.96.0.10:6379x", "invalid port \"6379x\": must be a number from 1 to 65535, as in 10.96.0.10:80"),
            ("10.96.0.10:0", "invalid port \"0\""), ("10.96.0.10:", "invalid port \"\""),
            ("fd00::1:99999", "only an IPv6 address with a port is in brackets: write [fd00::1]:80"),
            ("[10.96.0.10]:80", "only an IPv6 address with a port is in brackets: write 10.96.0.10:80"),
            ("[fd00::1]:http", "invalid port \"http\": must be a number from 1 to 65535, as in [fd00::1]:80"),
            ("[fd00::g]:80", "invalid IPv6 address \"fd00::g\": must be as in [fd00::10]:80"),
            ("10.96.0.300:80", "an IPv4 address has four numbers from 0 to 255"),
            ("10.96.0", "an IPv4 address has four numbers from 0 to 255"),
            ("010.96.0.10:80", "\"010\" has a leading zero, which some programs read as octal: write 10"),
            ("::ffff:10.96.00.1", "\"00\" has a leading zero, which some programs read as octal: write 0"),
        ])
    func misspelled(subject: String, message: String) {
        let failure = #expect(throws: InquiryFailure.self) { try explain(subject) }
        let start = "invalid address \"\(subject)\": "
        #expect(failure?.description.hasPrefix(start + message) == true, "\(failure as Any)")
        guard case .invalid? = failure else {
            Issue.record("\(failure as Any)")
            return
        }
    }

    @Test("has an address of the node for a trace to a node port")
    func nodeAddress() throws {
        let report = try ExplanationInquiry("shop/web").report(on: state)
        let frontEnds = try #require((report as? Explanation)?.services.first?.ports.first?.frontEnds)
        #expect(frontEnds.first { $0.kind == "node port" }?.nodeAddress == "192.168.50.10")
        #expect(frontEnds.first { $0.kind == "cluster IP" }?.nodeAddress == nil)
    }

    @Test("is a value in JSON and YAML")
    func json() throws {
        let inquiry = ExplanationInquiry("10.96.0.11:80")
        let json = try SampleState.text(inquiry, state, ReportOutput(.json))
        let report = try #require(try inquiry.report(on: state) as? Explanation)
        #expect(try JSONDecoder().decode(Explanation.self, from: Data(json.utf8)) == report)
        #expect(try SampleState.text(inquiry, state, ReportOutput(.yaml)).contains("services:\n- namespace: shop\n"))
    }

    @Test("has both families of a Service")
    func families() throws {
        let manifests = """
            apiVersion: v1
            kind: Service
            metadata: {name: a}
            spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, "fd00::1"], ports: [{port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: b}
            spec: {clusterIP: 10.96.0.2, ports: [{port: 80}]}

            """
        let state = SampleState.read(manifests, families: [.ipv4, .ipv6])
        let text = try SampleState.text(ExplanationInquiry("a"), state)
        #expect(text.contains("  port 80/TCP, IPv4: ") && text.contains("  port 80/TCP, IPv6: "))
        #expect(
            try SampleState.text(ExplanationInquiry("b"), state).contains(
                "  no IPv6 clusterIP: no IPv6 rule is made\n"))
        let lines = try SampleState.text(ServiceInquiry(.init()), state).split(separator: "\n")
        #expect(lines.count == 4)
    }
}
