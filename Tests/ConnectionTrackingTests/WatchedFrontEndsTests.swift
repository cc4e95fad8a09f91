// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import ServiceModel
import Testing

@Suite("Flows of watched service ports") struct WatchedFrontEndsTests {
    private let web = service(
        "web", .tcp, clusterIP: "10.96.0.10", port: 80, nodePort: 30080, externalIPs: ["203.0.113.1"],
        loadBalancerVIPs: ["203.0.113.2"], endpoints: ["10.244.1.5:8080", "10.244.1.6:8080"])

    private func frontEnds(_ entries: ServicePortEndpoints...) -> WatchedFrontEnds {
        var frontEnds = WatchedFrontEnds()
        for entry in entries { frontEnds.update(entry.servicePort.name.serviceName, [entry]) }
        frontEnds.nodePortAddresses = [address("192.168.50.10")]
        return frontEnds
    }

    private func tcp(_ destination: String, answering: String? = "10.244.1.5:8080") -> Flow {
        flow(destination, answering: answering, transport: .tcp, isUnansweredConnection: true)
    }

    @Test(
        "a flow to any of its addresses that goes to one of its endpoints is one of the service port",
        arguments: ["10.96.0.10:80", "203.0.113.1:80", "203.0.113.2:80", "192.168.50.10:30080"])
    func own(destination: String) {
        #expect(frontEnds(web).servicePort(of: tcp(destination)) == web.servicePort.name)
    }

    @Test(
        "other addresses, other ports, other nodes' addresses and flows that are not translated are not",
        arguments: ["10.96.0.11:80", "10.96.0.10:81", "192.168.50.11:30080", "192.168.50.10:30081"])
    func foreign(destination: String) {
        #expect(frontEnds(web).servicePort(of: tcp(destination)) == nil)
        #expect(frontEnds(web).servicePort(of: tcp("10.96.0.10:80", answering: nil)) == nil)
        #expect(frontEnds(web).servicePort(of: tcp("10.96.0.10:80", answering: "10.244.1.7:8080")) == nil)
        #expect(frontEnds(web).servicePort(of: tcp("10.244.1.5:8080", answering: nil)) == nil)
    }

    @Test("of two Services that claim one address, the one with the endpoint has the flow")
    func shared() {
        let other = service(
            "other", .tcp, clusterIP: "10.96.0.11", port: 80, externalIPs: ["203.0.113.1"],
            endpoints: ["10.244.1.9:8080"])
        let both = frontEnds(web, other)
        #expect(both.servicePort(of: tcp("203.0.113.1:80")) == web.servicePort.name)
        #expect(both.servicePort(of: tcp("203.0.113.1:80", answering: "10.244.1.9:8080")) == other.servicePort.name)
    }

    @Test("a change takes the place of what was, and without ports a Service is forgotten")
    func changes() {
        var frontEnds = frontEnds(web)
        var changed = web
        changed.servicePort.port = 81
        changed.servicePort.nodePort = nil
        frontEnds.update(web.servicePort.name.serviceName, [changed])
        #expect(frontEnds.servicePort(of: tcp("10.96.0.10:80")) == nil)
        #expect(frontEnds.servicePort(of: tcp("192.168.50.10:30080")) == nil)
        #expect(frontEnds.servicePort(of: tcp("10.96.0.10:81")) == web.servicePort.name)
        #expect(frontEnds.contains(web.servicePort.name.serviceName))
        frontEnds.update(web.servicePort.name.serviceName, [])
        #expect(frontEnds.isEmpty)
        #expect(frontEnds.servicePort(of: tcp("10.96.0.10:81")) == nil)
    }

    @Test("service ports of UDP are not watched")
    func udp() {
        #expect(frontEnds(service(endpoints: ["10.244.1.5:53"])).isEmpty)
    }
}
