// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@testable import KubernetesObjects

@Suite("Objects to model")
struct TranslationTests {
    private let web = ServiceName(name: "web")

    private func ports(_ text: String, _ family: IPFamily = .ipv4) -> [ServicePort] {
        read(("f.yaml", text)).objects.services[web]?.servicePorts(family) ?? []
    }

    private func endpoints(_ texts: String..., family: IPFamily = .ipv4) -> [Endpoint] {
        let text = ([service(spec: "clusterIPs: [10.0.0.1, fd00::1]")] + texts).joined(separator: "---\n")
        return read(("f.yaml", text)).objects.servicePorts(of: web, family: family).flatMap(\.endpoints)
    }

    @Test("the cluster IP of a family")
    func clusterIPs() {
        let both = service(spec: "clusterIPs: [10.0.0.1, fd00::1]")
        #expect(ports(both).first?.clusterIP.description == "10.0.0.1")
        #expect(ports(both, .ipv6).first?.clusterIP.description == "fd00::1")
        let one = service(spec: "clusterIPs: [10.0.0.1, fd00::1]\n  ipFamilies: [IPv4]")
        #expect(ports(one, .ipv6).isEmpty)
    }

    @Test(
        "Services that are skipped, and why",
        arguments: [
            (service(clusterIP: "clusterIP: None"), SkipReason.headless),
            (service(clusterIP: "clusterIPs: [None]"), .headless),
            (service(spec: "type: ExternalName"), .externalName), (service(clusterIP: ""), .noClusterIP),
            (service(metadata: "labels: {service.kubernetes.io/service-proxy-name: \"\"}"), .otherProxy("")),
            (service(clusterIP: "clusterIP: fd00::1"), .noAddressOfFamily(.ipv4)),
        ])
    func skipped(text: String, reason: SkipReason) {
        let objects = read(("f.yaml", text)).objects
        #expect(objects.skippedServices(family: .ipv4) == [SkippedService(name: web, reason: reason)])
        #expect(objects.snapshot(family: .ipv4).servicePorts.isEmpty)
    }

    @Test("a reason is a sentence")
    func sentence() {
        #expect(
            SkippedService(name: web, reason: .headless).description
                == "Service default/web: headless (clusterIP: None): DNS answers with the pods' addresses, no rule is made"
        )
    }

    @Test(
        "external policy Local needs external addresses",
        arguments: [
            ("type: ClusterIP", TrafficPolicy.cluster), ("externalIPs: [192.0.2.1]", .local),
            ("externalIPs: [\"\"]", .local), ("type: NodePort", .local), ("type: LoadBalancer", .local),
        ])
    func externalPolicy(spec: String, expected: TrafficPolicy) {
        let text = service(spec: "externalTrafficPolicy: Local\n  internalTrafficPolicy: Local\n  \(spec)")
        #expect(ports(text).map(\.externalTrafficPolicy) == [expected])
        #expect(ports(text).map(\.internalTrafficPolicy) == [.local])
    }

    @Test(
        "the health check port is for load balancers of policy Local",
        arguments: [
            ("type: LoadBalancer\n  externalTrafficPolicy: Local", 32000 as UInt16?), ("type: LoadBalancer", nil),
            ("type: NodePort\n  externalTrafficPolicy: Local", nil),
        ])
    func healthCheck(spec: String, expected: UInt16?) {
        #expect(ports(service(spec: "healthCheckNodePort: 32000\n  \(spec)")).map(\.healthCheckNodePort) == [expected])
    }

    @Test("external IPs and source ranges are those of the family, in order, repetitions included")
    func families() throws {
        let text = service(
            spec: "externalIPs: [192.0.2.2, fd00::2, 192.0.2.1, 192.0.2.2]\n  "
                + "loadBalancerSourceRanges: [10.1.0.0/16, \"::/0\", 10.0.0.0/8, 10.1.0.0/16]",
            rest: "status: {loadBalancer: {ingress: [{ip: fd00::3}, {ip: 192.0.2.3}]}}")
        let port = try #require(ports(text).first)
        #expect(port.externalIPs.map(\.description) == ["192.0.2.2", "192.0.2.1", "192.0.2.2"])
        #expect(port.loadBalancerVIPs.map(\.description) == ["192.0.2.3"])
        #expect(port.loadBalancerSourceRanges.map(\.description) == ["10.1.0.0/16", "10.0.0.0/8", "10.1.0.0/16"])
        #expect(
            ports(service(spec: "loadBalancerSourceRanges: [10.0.0.0/8, 0.0.0.0/0]"))[0].loadBalancerSourceRanges
                .isEmpty)
    }

    @Test("node ports count whatever the type; of ports with one name the last counts")
    func nodePorts() {
        let text = service(
            ports: "ports: [{name: a, port: 1, nodePort: 30001}, {name: b, port: 2}, {name: a, port: 3}]")
        #expect(ports(text).map(\.port) == [2, 3])
        #expect(ports(service(ports: "ports: [{port: 80, nodePort: 30000}]")).map(\.nodePort) == [30000])
    }

    @Test("endpoints are ordered by the bytes of their text, each port by name and protocol only")
    func order() {
        let slice = slice(
            ports: "[{port: 80}, {name: x, port: 81}, {protocol: UDP, port: 82}]",
            endpoints: "[{addresses: [10.1.0.2]}, {addresses: [10.1.0.10]}, {addresses: [9.1.0.1]}]")
        #expect(endpoints(slice).map(\.description) == ["10.1.0.10:80", "10.1.0.2:80", "9.1.0.1:80"])
    }

    @Test("several slices are one list; the last decides, unless it is terminating")
    func merging() {
        func one(_ name: String, _ conditions: String, port: Int = 80) -> String {
            slice(name, ports: "[{port: \(port)}]", endpoints: "[{addresses: [10.1.0.1], conditions: \(conditions)}]")
        }
        let terminating = "{ready: false, terminating: true}"
        #expect(endpoints(one("a", "{}"), one("b", "{ready: false}")).map(\.conditions) == [[.serving]])
        #expect(endpoints(one("b", "{}"), one("a", "{ready: false}")).map(\.conditions) == [[.ready, .serving]])
        #expect(endpoints(one("a", "{}"), one("b", terminating)).map(\.conditions) == [[.ready, .serving]])
        #expect(endpoints(one("a", terminating), one("b", "{}")).map(\.conditions) == [[.ready, .serving]])
        #expect(
            endpoints(one("a", terminating), one("b", "{serving: false, ready: false, terminating: true}")).map(
                \.conditions)
                == [[.serving, .terminating]])
        #expect(endpoints(one("a", "{}"), one("b", "{}", port: 81)).map(\.port) == [80, 81])
    }

    @Test("slices of another family, hidden ones and those of another namespace are not used")
    func foreignSlices() {
        let six = slice(type: "IPv6", endpoints: "[{addresses: [fd00::5]}]")
        #expect(endpoints(six).isEmpty)
        #expect(endpoints(six, family: .ipv6).map(\.description) == ["[fd00::5]:8080"])
        #expect(endpoints(slice(labels: "{service.kubernetes.io/headless: x}")).isEmpty)
        #expect(endpoints(slice().replacing("  name: web-1", with: "  name: web-1\n  namespace: b")).isEmpty)
        #expect(endpoints(slice(type: "FQDN", endpoints: "[{addresses: [a.b]}]")).isEmpty)
    }

    private let endpointsObject = """
        apiVersion: v1
        kind: Endpoints
        metadata: {name: web, labels: {endpointslice.kubernetes.io/skip-mirror: "true"}}
        subsets:
        - addresses: [{ip: 10.1.0.2, nodeName: n}, {ip: fd00::7}]
          notReadyAddresses: [{ip: 10.1.0.1}]
          ports: [{port: 8080}]
        - addresses: [{ip: 10.1.0.3}]
          ports: [{port: 9090}, {name: other, port: 1}]

        """

    @Test("Endpoints stand in for slices that are not there")
    func endpointsObjects() {
        let found = endpoints(endpointsObject)
        #expect(found.map(\.description) == ["10.1.0.1:8080", "10.1.0.2:8080", "10.1.0.3:9090"])
        #expect(found.map(\.conditions) == [[.serving], [.ready, .serving], [.ready, .serving]])
        #expect(found.map(\.nodeName) == [nil, "n", nil])
        #expect(endpoints(endpointsObject, family: .ipv6).map(\.description) == ["[fd00::7]:8080"])
        #expect(endpoints(endpointsObject, slice()).map(\.description) == ["10.1.0.1:8080"])
        #expect(
            messages(documents(service(), endpointsObject, slice())) == [
                "note: f.yaml: document 2: Endpoints default/web: not used, since the Service has EndpointSlices"
            ])
    }
}
