// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@testable import KubernetesObjects

@Suite("Objects")
struct ObjectReadingTests {
    private func web(_ text: String) throws -> Service {
        try #require(read(("f.yaml", text)).objects.services[ServiceName(name: "web")])
    }

    private func slice(_ text: String) throws -> EndpointSlice {
        try #require(read(("f.yaml", text)).objects.endpointSlices[ObjectName(name: "web-1")])
    }

    @Test("a Service gets the defaults of the API")
    func serviceDefaults() throws {
        let service = try web(service())
        #expect(service.type == .clusterIP)
        #expect(service.clusterAddress == .addresses([IPAddress(ipv4: 0x0a00_0001)]))
        #expect(service.ports == [Service.Port(name: "", transport: .tcp, number: 80, nodePort: nil)])
        #expect(service.sessionAffinity == .none)
        #expect(service.internalTrafficPolicy == .cluster)
        #expect(service.externalTrafficPolicy == .cluster)
        #expect(service.healthCheckNodePort == nil)
        #expect(service.otherProxy == nil)
        #expect(service.origin == ObjectOrigin(file: "f.yaml", document: 1, line: 1))
    }

    @Test("null and empty texts are absent fields")
    func absent() throws {
        let spec = "type: \"\"\n  sessionAffinity: null\n  internalTrafficPolicy: \"\"\n  healthCheckNodePort: 0"
        let text = service(spec: spec, ports: "ports: [{port: 80, nodePort: 0, name: \"\", protocol: null}]")
        #expect(try web(text).ports == web(service()).ports)
        #expect(messages(text).isEmpty)
    }

    @Test("affinity has a timeout of three hours unless it says otherwise")
    func affinity() throws {
        #expect(
            try web(service(spec: "sessionAffinity: ClientIP")).sessionAffinity == .clientIP(timeoutSeconds: 10_800))
        let configured = "sessionAffinity: ClientIP\n  sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}"
        #expect(try web(service(spec: configured)).sessionAffinity == .clientIP(timeoutSeconds: 5))
    }

    @Test("load balancer addresses of ipMode Proxy and names are not captured")
    func ingress() throws {
        let ingress = "[{ip: 192.0.2.1}, {ip: 192.0.2.2, ipMode: VIP}, {ip: 192.0.2.3, ipMode: Proxy}, {hostname: x}]"
        let service = try web(service(rest: "status: {loadBalancer: {ingress: \(ingress)}}"))
        #expect(service.loadBalancerVIPs.map(\.description) == ["192.0.2.1", "192.0.2.2"])
    }

    @Test("of an ExternalName Service nothing else is read")
    func externalName() {
        let text = service(spec: "type: ExternalName", clusterIP: "clusterIP: x", ports: "ports: 7")
        #expect(messages(text).isEmpty)
    }

    @Test("conditions: unknown is ready and serving, and serving does not follow ready")
    func conditions() throws {
        let endpoints = """
            [{addresses: [10.1.0.1]}, {addresses: [10.1.0.2], conditions: {}},
             {addresses: [10.1.0.3], conditions: {ready: false}},
             {addresses: [10.1.0.4], conditions: {ready: null, serving: false, terminating: true}}]
            """
        let slice = try slice(KubernetesObjectsTests.slice(endpoints: endpoints.replacing("\n", with: "")))
        #expect(
            slice.endpoints.map(\.conditions) == [
                [.ready, .serving], [.ready, .serving], [.serving], [.ready, .terminating],
            ])
    }

    @Test("hints, node names, labels and ports of a slice")
    func sliceFields() throws {
        let endpoints =
            "[{addresses: [10.1.0.1], nodeName: n, hints: {forZones: [{name: a}, {name: b}], forNodes: [{name: n}]}}]"
        let text = KubernetesObjectsTests.slice(
            ports: "[{port: 1}, {name: x, protocol: UDP, port: 2}, {name: y}]", endpoints: endpoints,
            labels: "{service.kubernetes.io/headless: \"\"}")
        let slice = try slice(text)
        #expect(slice.isHeadless)
        #expect(slice.service == ServiceName(name: "web"))
        #expect(slice.ports == [.init(number: 1), .init(name: "x", transport: .udp, number: 2)])
        #expect(
            slice.endpoints == [
                .init(
                    address: IPAddress(ipv4: 0x0a01_0001), nodeName: "n", zoneHints: ["a", "b"], nodeHints: ["n"])
            ])
    }

    @Test("the time of the change that led to endpoints, which alone makes no other object")
    func triggerTime() throws {
        func slice(_ time: String) throws -> KubernetesObject {
            let annotations = "{endpoints.kubernetes.io/last-change-trigger-time: \(time)}"
            let text = """
                {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, ports: [], endpoints: [],
                 metadata: {name: a, labels: {kubernetes.io/service-name: a}, annotations: \(annotations)}}
                """
            let (objects, log) = read(("f.yaml", text))
            #expect(!log.hasErrors)
            return try #require(objects.object(.endpointSlice, ObjectName(name: "a")))
        }
        let early = try slice("\"2026-11-24T03:00:00Z\"")
        let late = try slice("2026-11-24T03:00:00.5Z")
        #expect(early.triggerTime == Timestamp("2026-11-24T03:00:00Z"))
        #expect(late.triggerTime == Timestamp("2026-11-24T03:00:00.5Z"))
        #expect(early != late)
        #expect(early.withoutTriggerTime == late.withoutTriggerTime)
        #expect(try slice("yesterday").triggerTime == nil)
        let text = """
            {apiVersion: v1, kind: Endpoints,
             metadata: {name: a, annotations: {endpoints.kubernetes.io/last-change-trigger-time: 2026-11-24T03:00:00Z}}}
            """
        #expect(read(("f.yaml", text)).objects.endpoints.values.first?.triggerTime == early.triggerTime)
    }

    @Test("a Node's addresses: InternalIP before ExternalIP, names left out")
    func node() throws {
        let text = """
            apiVersion: v1
            kind: Node
            metadata: {name: node-1, labels: {topology.kubernetes.io/zone: z}}
            spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24, fd00::/64]}
            status:
              addresses:
              - {type: ExternalIP, address: 203.0.113.1}
              - {type: Hostname, address: node-1}
              - {type: InternalIP, address: 192.168.0.1}
              - {type: ExternalIP, address: 2001:db8::1}
            """
        let (objects, log) = read(("f.yaml", text))
        let node = try #require(objects.node(named: "node-1"))
        #expect(log.diagnostics.isEmpty)
        #expect(node.addresses.map(\.description) == ["192.168.0.1", "203.0.113.1", "2001:db8::1"])
        #expect(node.zone == "z")
        #expect(node.podCIDRs.map(\.description) == ["10.244.1.0/24", "fd00::/64"])
        #expect(objects.node(named: "node-2") == nil)
        #expect(objects.nodes["node-1"]?.isLeaving == false)
    }

    @Test(
        "a Node is leaving when it is being deleted, or when the cluster autoscaler has marked it",
        arguments: [
            ("deletionTimestamp: 2026-11-24T03:00:00Z", "", true), ("deletionTimestamp: null", "", false),
            ("", "{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}", true),
            ("", "{key: node.kubernetes.io/unschedulable, effect: NoSchedule}", false),
            ("", "{key: a}, {key: ToBeDeletedByClusterAutoscaler, value: '1764000000'}", true),
        ])
    func leavingNode(metadata: String, taints: String, isLeaving: Bool) throws {
        let text = """
            {apiVersion: v1, kind: Node, metadata: {name: node-1, \(metadata)}, spec: {taints: [\(taints)]}}
            """
        let (objects, log) = read(("f.yaml", text))
        #expect(log.diagnostics.isEmpty)
        #expect(objects.nodes["node-1"]?.isLeaving == isLeaving)
    }
}
