// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// What load balancers learn about Services and about the node from `kubetables run`.
@Suite(.needsKernel) struct ServiceHealthTests {
    private let node: StatusNode

    init() throws { node = try StatusNode() }

    private static func service(_ name: String, ip: String, port: Int, endpoints: [String]) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          {type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: \(port), clusterIP: \(ip),
           ports: [{port: 80, nodePort: \(port - 1000)}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: \(name)-1, labels: {kubernetes.io/service-name: \(name)}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [\(endpoints.joined(separator: ", "))]
        ---

        """
    }

    private static func endpoint(_ address: String, on node: String = StatusNode.name, _ conditions: String = "")
        -> String
    {
        "{addresses: [\(address)], nodeName: \(node), conditions: {\(conditions)}}"
    }

    private static let ending = "ready: false, serving: true, terminating: true"

    @Test func readyLocalEndpointsAreCountedAndAnswered() throws {
        try node.write(
            Self.service(
                "web", ip: "10.96.0.10", port: 31500,
                endpoints: [
                    Self.endpoint("10.244.0.1"), Self.endpoint("10.244.0.2"), Self.endpoint("10.244.0.3", Self.ending),
                    Self.endpoint("10.244.1.1", on: "node-2"),
                ]))
        let program = try node.start()
        try node.eventually("the port is answered") { try node.get("127.0.0.1:31500") != nil }
        let good = try #require(try node.get("127.0.0.1:31500/any/path"))
        #expect(good.status == 200)
        #expect(good.headers["content-type"] == "application/json")
        #expect(good.headers["x-content-type-options"] == "nosniff")
        #expect(good.headers["x-load-balancing-endpoint-weight"] == "2")
        #expect(good.json?["localEndpoints"] as? Int == 2)
        #expect(good.json?["serviceProxyHealthy"] as? Bool == true)
        #expect(good.json?["service"] as? [String: String] == ["namespace": "default", "name": "web"])

        // Connections still go to the one that is ending, but load balancers shall turn to other nodes.
        try node.write(
            Self.service(
                "web", ip: "10.96.0.10", port: 31500,
                endpoints: [Self.endpoint("10.244.0.3", Self.ending), Self.endpoint("10.244.1.1", on: "node-2")]))
        try node.eventually("none is left") { try node.get("127.0.0.1:31500")?.status == 503 }
        let bad = try #require(try node.get("127.0.0.1:31500"))
        #expect(bad.headers["x-load-balancing-endpoint-weight"] == "0")
        #expect(bad.json?["localEndpoints"] as? Int == 0)
        #expect(bad.json?["serviceProxyHealthy"] as? Bool == true)

        try node.write(
            Self.service("web", ip: "10.96.0.10", port: 31501, endpoints: [Self.endpoint("10.244.0.1")]))
        try node.eventually("another port") { try node.get("127.0.0.1:31501")?.status == 200 }
        #expect(try node.get("127.0.0.1:31500") == nil)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        #expect(!program.errors.contains(" warning "), "\(program.errors)")
    }

    @Test func aTakenPortIsToldAndTriedAgainWhileTheRestGoesOn() throws {
        let other = try node.namespace.start(
            [Repository.products.appending(path: "test-api-server").path, "--listen", "0.0.0.0:31500"])
        try node.eventually("the port is in use") { !other.output.isEmpty }
        try node.write(
            Self.service("web", ip: "10.96.0.10", port: 31500, endpoints: [Self.endpoint("10.244.0.1")])
                + Self.service("api", ip: "10.96.0.11", port: 31501, endpoints: [Self.endpoint("10.244.0.1")]))
        let program = try node.start()
        try program.waitForErrors(
            containing:
                "warning default/web: health checks are not served: cannot listen on 0.0.0.0:31500: the port is "
                + "already in use")
        try node.eventually("the other is answered") { try node.get("127.0.0.1:31501")?.status == 200 }
        #expect(try node.namespace.run("iptables-legacy-save", "-t", "nat").contains("--dport 30500"))
        other.signal(SIGTERM)
        _ = try other.wait()
        try program.waitForErrors(containing: "default/web: serving health checks on 0.0.0.0:31500")
        #expect(try node.get("127.0.0.1:31500")?.status == 200)
        #expect(program.errors.components(separatedBy: "are not served").count == 2, "\(program.errors)")
    }

    @Test func aNodeThatIsAboutToGoIsToldToLoadBalancersOnly() throws {
        func object(_ taints: String, metadata: String = "") -> String {
            """
            {apiVersion: v1, kind: Node, metadata: {name: \(StatusNode.name)\(metadata)}, spec: {taints: [\(taints)]}}
            """
        }
        try node.write(object("{key: other, effect: NoSchedule}"), to: "node.yaml")
        try node.start()
        #expect(try node.get("127.0.0.1:10256/healthz")?.status == 200)
        try node.write(object("{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}"), to: "node.yaml")
        try node.eventually("it is told") { try node.get("127.0.0.1:10256/healthz")?.status == 503 }
        let answer = try #require(try node.get("127.0.0.1:10256/healthz"))
        #expect(answer.json?["nodeEligible"] as? Bool == false)
        #expect(answer.json?["healthy"] as? Bool == true)
        #expect(try node.get("127.0.0.1:10256/livez")?.status == 200)
        try node.write(object(""), to: "node.yaml")
        try node.eventually("it stays") { try node.get("127.0.0.1:10256/healthz")?.status == 200 }
        try node.write(object("", metadata: ", deletionTimestamp: 2026-11-24T03:00:00Z"), to: "node.yaml")
        try node.eventually("it is being deleted") { try node.get("127.0.0.1:10256/healthz")?.status == 503 }
    }
}
