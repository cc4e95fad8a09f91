// SPDX-License-Identifier: Apache-2.0

import Foundation
import Inspection
import KubernetesObjects
import NetworkTypes
import ServiceModel
import Testing

@Suite("A list of Services") struct ServiceListTests {
    private let state = SampleState.read(SampleState.shop)

    private func items(_ state: InspectedState, _ selection: ServiceSelection = .init()) throws -> [ServiceItem] {
        let report = try ServiceInquiry(selection).report(on: state)
        return try #require(report as? ServiceList).items
    }

    @Test("has each service port with its state, what needs attention included")
    func states() throws {
        let found = try items(state).map { "\($0.name) \($0.states.map(\.rawValue).joined(separator: ","))" }
        #expect(
            found == [
                "alone no-endpoints", "broken invalid", "elsewhere no-local-endpoints", "headless not-proxied",
                "thief conflict,no-endpoints", "web ok",
            ])
        let web = try #require(try items(state, .init(names: ["web"])).first)
        #expect(web.endpoints?.known == 3)
        #expect(web.endpoints?.used == 2)
        #expect(web.endpoints?.cluster == 2)
        #expect(web.endpoints?.local == 1)
        #expect(web.nodePort == 30080)
        #expect(web.externalIPs == ["203.0.113.7"])
        #expect(web.sessionAffinitySeconds == 10_800)
        #expect(web.traffic == nil)
        let messages = try items(state).flatMap(\.messages)
        #expect(
            messages.contains(
                "no EndpointSlice has the label kubernetes.io/service-name: alone in namespace shop"))
        #expect(messages.contains { $0.hasPrefix("spec.clusterIP: invalid IP address \"10.96.0.300\"") })
        #expect(messages.contains { $0.hasPrefix("10.96.0.11:80/TCP of shop/thief is claimed by shop/alone too") })
    }

    @Test("is a table that fits 100 columns, without columns that are empty")
    func table() throws {
        let text = try SampleState.text(ServiceInquiry(.init()), state)
        #expect(
            text == """
                NAMESPACE  NAME:PORT     TYPE       CLUSTER-IP  NODE-PORT  EXTERNAL    ENDPOINTS  STATE
                shop       alone:80      ClusterIP  10.96.0.11  -          -                 0/0  no-endpoints
                shop       broken        -          -           -          -                   -  invalid
                shop       elsewhere:53  ClusterIP  10.96.0.12  -          -                 0/1  no-local-endpoints
                shop       headless:80   ClusterIP  None        -          -                   -  not-proxied
                shop       thief:80      ClusterIP  10.96.0.11  -          -                 0/0  conflict
                shop       web:http      NodePort   10.96.0.10  30080      203.0.113…        2/3  ok

                """)
    }

    @Test("has all columns and whole texts if it may be wide")
    func wide() throws {
        let text = try SampleState.text(ServiceInquiry(.init(names: ["web"])), state, ReportOutput(.wide))
        let lines = text.split(separator: "\n")
        #expect(
            lines[0].split(separator: " ") == [
                "NAMESPACE", "NAME:PORT", "PROTOCOL", "TYPE", "CLUSTER-IP", "NODE-PORT", "EXTERNAL", "ENDPOINTS",
                "POLICY", "AFFINITY", "BALANCE", "CONN/S", "REFUSED/S", "STATE", "MESSAGE",
            ])
        #expect(
            lines[1].split(separator: " ") == [
                "shop", "web:http", "TCP", "NodePort", "10.96.0.10", "30080", "203.0.113.7", "2/3", "Cluster/Local",
                "10800s", "-", "-", "-", "ok", "-",
            ])
    }

    @Test("is JSON with one item on each line, and the same values in YAML")
    func programs() throws {
        let json = try SampleState.text(ServiceInquiry(.init(names: ["alone"])), state, ReportOutput(.json))
        #expect(
            json == """
                {
                  "apiVersion": "kubetables/v1",
                  "kind": "ServiceList",
                  "items": [
                    {"namespace":"shop","name":"alone","port":80,"protocol":"TCP","ipFamily":"IPv4","type":"ClusterIP",\
                "clusterIP":"10.96.0.11","externalIPs":[],"loadBalancerIPs":[],"internalTrafficPolicy":"Cluster",\
                "endpoints":{"known":0,"used":0,"cluster":0,"local":0},"state":"no-endpoints","states":["no-endpoints"],\
                "messages":["no EndpointSlice has the label kubernetes.io/service-name: alone in namespace shop"]}
                  ]
                }

                """)
        let all = try SampleState.text(ServiceInquiry(.init()), state, ReportOutput(.json))
        let read = try JSONDecoder().decode(ServiceList.self, from: Data(all.utf8))
        #expect(try read.items == items(state))
        let yaml = try SampleState.text(ServiceInquiry(.init(names: ["alone"])), state, ReportOutput(.yaml))
        #expect(
            yaml.hasPrefix("apiVersion: kubetables/v1\nkind: ServiceList\nitems:\n- namespace: shop\n  name: alone\n"))
        let none = SampleState.read("")
        #expect(
            try SampleState.text(ServiceInquiry(.init()), none, ReportOutput(.json))
                == "{\n  \"apiVersion\": \"kubetables/v1\",\n  \"kind\": \"ServiceList\",\n  \"items\": []\n}\n")
        #expect(
            try SampleState.text(ServiceInquiry(.init()), none, ReportOutput(.yaml))
                == "apiVersion: kubetables/v1\nkind: ServiceList\nitems: []\n")
    }

    @Test("is of the Services that are asked for, and refuses names that none has")
    func selection() throws {
        #expect(try items(state, .init(names: ["shop/web", "alone"])).map(\.name) == ["alone", "web"])
        #expect(try items(state, .init(namespace: "default")).isEmpty)
        #expect(
            throws: InquiryFailure.notFound("there is no Service wbe in namespace shop; did you mean \"shop/web\"?")
        ) {
            try items(state, .init(namespace: "shop", names: ["web", "wbe"]))
        }
    }

    @Test("has what the running program knows besides: drift, unsupported features, rates")
    func loop() throws {
        struct Counted: CountedTraffic {
            func counts(of servicePort: ServicePortName) -> TrafficCounts? {
                TrafficCounts(
                    connections: 7, refusedPackets: 0, connectionsPerSecond: 12.34, refusedPerSecond: 0.04)
            }
            func connections(of servicePort: ServicePortName, to endpoints: [AddressPort]) -> [UInt64]? {
                endpoints.map { _ in 3 }
            }
        }
        var state = state
        var loop = LoopState(time: Timestamp(seconds: 1000), startTime: Timestamp(seconds: 0))
        var family = FamilyState()
        family.driftTimes = ["shop/web:http": Timestamp(seconds: 500), "shop/elsewhere": Timestamp(seconds: 300)]
        family.unsupported = [
            .init(
                feature: "session affinity (xt_recent)", consequence: "served without affinity",
                affected: ["shop/web:http"])
        ]
        family.traffic = Counted()
        loop.families[.ipv4] = family
        state.loop = loop
        let found = try items(state)
        #expect(found.first { $0.name == "web" }?.states == [.unsupported, .drifted])
        // Drift of more than ten minutes ago is over.
        #expect(found.first { $0.name == "elsewhere" }?.states == [.noLocalEndpoints])
        let text = try SampleState.text(ServiceInquiry(.init(names: ["web"])), state, ReportOutput(.wide))
        #expect(text.contains(" 12        0.0  unsupported"))
        let endpoints = try SampleState.text(EndpointInquiry(.init(names: ["web"])), state)
        #expect(endpoints.contains("CONNECTIONS"))
    }
}
