// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The commands that print reports, about a cluster that they read themselves.
@Suite("Reports of a cluster") struct ClusterReportTests {
    private static let objects = """
        {"kind": "List", "items": [
          {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "labels": {"topology.kubernetes.io/zone": "a"}}},
          {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
           "spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}},
          {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad", "namespace": "shop"},
           "spec": {"clusterIP": "10.96.0.11", "clusterIPs": ["10.96.0.11"], "ports": [{"port": 80, "protocol": "TCP", "nodePort": -1}]}},
          {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
           "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
           "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
           "endpoints": [{"addresses": ["10.244.1.11"], "nodeName": "node-1", "targetRef": {"kind": "Pod", "name": "web-0"}}]}
        ]}
        """

    private let folder: TemporaryFolder
    private let server: BackgroundProcess
    private let url: String
    private let kubeconfig: String

    init() throws {
        folder = try TemporaryFolder()
        server = try BackgroundProcess([
            Repository.products.appending(path: "test-api-server").path, "--listen", "127.0.0.1:0",
            "--objects", try folder.write("objects.json", Self.objects),
        ])
        url = try server.waitForOutput(after: "listening on ")
        kubeconfig = try folder.write(
            "kubeconfig",
            """
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters: [{name: k, cluster: {server: "\(url)"}}]
            users: [{name: u, user: {token: t}}]

            """)
    }

    private func report(_ arguments: String..., source: [String]? = nil) throws -> ProcessResult {
        try Subprocess.run(
            [Repository.tool] + arguments + ["--hostname-override", "node-1"]
                + (source ?? ["--kubeconfig", kubeconfig]))
    }

    @Test("list what is there, of the node that is named, and report an object that cannot be used")
    func get() throws {
        for source in [["--kubeconfig", kubeconfig], ["--master", url]] {
            let services = try report("get", "services", source: source)
            // One object cannot be used.
            #expect(services.status == 65)
            #expect(services.errors.contains("Service shop/bad: spec.ports[0].nodePort: "), "\(services.errors)")
            #expect(services.output.contains("\nshop       web:http  ") && services.output.contains("  ok\n"))
            #expect(services.output.contains("\nshop       bad ") && services.output.contains("  invalid\n"))
        }
        let json = try report("get", "endpoints", "web", "-n", "shop", "-o", "json").output
        let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let items = try #require(list?["items"] as? [[String: Any]])
        #expect(items.count == 1 && items[0]["pod"] as? String == "web-0" && items[0]["usedByCluster"] as? Bool == true)
        #expect(items[0]["connections"] == nil)
    }

    @Test("explain a Service and show the status, with the server as the source")
    func others() throws {
        let explanation = try report("explain", "shop/web")
        #expect(explanation.output.hasPrefix("shop/web  ClusterIP\n"), "\(explanation.output)")
        #expect(explanation.output.contains("cluster IP 10.96.0.10:80: goes to 1 endpoint (policy Cluster)"))
        #expect(explanation.output.contains("10.244.1.11:8080"))
        let status = try report("status")
        #expect(status.output.contains("\nnode       node-1, zone a\nsource     cluster=\(url)\n"), "\(status.output)")
        let unknown = try report("explain", "shop/wbe")
        #expect(unknown.status == 65 && unknown.errors.contains("there is no Service shop/wbe"))
    }

    @Test("cannot be made without a kubeconfig that can be used")
    func unusable() throws {
        let missing = try report("get", "services", source: ["--kubeconfig", "\(folder.path)/none"])
        #expect(missing.status == 65 && missing.errors.contains("\(folder.path)/none"), "\(missing.errors)")
        #expect(missing.output == "")
        let empty = try report(
            "explain", "shop/web",
            source: ["--kubeconfig", try folder.write("empty", "apiVersion: v1\nkind: Config\n")])
        #expect(empty.status == 65 && empty.errors.hasPrefix("error: "), "\(empty.errors)")
        let both = try report("get", "services", source: ["--kubeconfig", kubeconfig, "--socket", "/x"])
        #expect(both.status == 64)
    }
}
