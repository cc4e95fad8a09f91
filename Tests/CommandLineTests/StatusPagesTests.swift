// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Who may see the pages of the real program where it serves them to the network.
@Suite(.needsKernel) struct StatusPagesTests {
    @Test func onlyTheNodeItselfSeesRulesAndPlan() throws {
        let lab = try Lab(pods: ["pod-1=10.244.1.11"])
        let folder = try TemporaryFolder()
        try folder.write("manifests/objects.yaml", "{apiVersion: v1, kind: Node, metadata: {name: node-1}}\n")
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + ["--lock-file", "\(folder.path)/lock", "--metrics-bind-address", "0.0.0.0:10249"])
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "start: IPv6")
        func statuses(_ host: String) throws -> [String] {
            try ["metrics", "rules", "plan"].map { page in
                try lab.run(
                    host, ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://192.168.50.10:10249/\(page)"])
            }
        }
        #expect(try statuses("client") == ["200", "403", "403"])
        #expect(try statuses("node") == ["200", "200", "200"])
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    @Test func allFlagsAreShownWithTheirValuesInForceAndNoSecret() throws {
        let node = try StatusNode()
        try node.write("{apiVersion: v1, kind: Node, metadata: {name: node-1}}\n")
        try node.start(["--ip-family", "ipv4", "--v", "4", "--nodeport-addresses", "primary"])
        let flagz = try #require(try node.get("127.0.0.1:10249/flagz"))
        #expect(flagz.status == 200 && flagz.headers["content-type"] == "text/plain; charset=utf-8")
        let lines = Set(flagz.body.split(separator: "\n").map(String.init))
        for line in [
            "ip-family=ipv4", "v=4", "nodeport-addresses=primary", "manifests=\(node.directory.path)",
            "manifest-removal-delay=2s", "iptables-sync-period=500ms", "traffic-metrics=endpoints", "lock-wait=5.0",
            "node-ip=192.168.50.10", "metrics-bind-address=127.0.0.1:10249", "config=", "kube-api-qps=5",
        ] {
            #expect(lines.contains(line), "\(line) is missing in \(flagz.body)")
        }
        #expect(lines.contains { $0.hasPrefix("socket=/run/kubetables/") })
        let names = Set(lines.filter { $0.contains("=") }.map { String($0.prefix { $0 != "=" }) })
        #expect(names == (try Self.flagsOfRun()))

        let configuration = try #require(try node.get("127.0.0.1:10249/configz")?.json)
        let file = configuration["kubeproxy.config.k8s.io"] as? [String: Any]
        let own = file?["kubetables"] as? [String: Any]
        #expect(own?["manifestRemovalDelay"] as? String == "2s")
        #expect((own?["socket"] as? String)?.hasPrefix("/run/kubetables/") == true)
        let flags = try #require(configuration["kubetables"] as? [String: Any])
        #expect(flags["ip-family"] as? [String] == ["ipv4"] && flags["node-ip"] as? String == "192.168.50.10")
        #expect(flags["traffic-metrics"] as? String == "endpoints" && flags["lock-wait"] as? Double == 5)

        let status = try #require(try node.get("127.0.0.1:10249/statusz")).body
        #expect(status.hasPrefix("\nkube-proxy statusz\nWarning: "))
        #expect(status.contains("\nEmulation version: 1.36\nPaths: / /configz /flagz /healthz /metrics /plan "))
        #expect(try node.get("127.0.0.1:10249/statusz", "-H", "Accept: application/json")?.status == 406)
        #expect(try node.get("127.0.0.1:10249/healthz")?.status == 200)
        let checks = try #require(try node.get("127.0.0.1:10249/metrics/slis")).body
        #expect(
            checks.contains("\nkubernetes_healthchecks_total{name=\"ping\",status=\"success\",type=\"healthz\"} 1\n"))
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        #expect(metrics.contains("\nkubetables_service_ports{state=\"ok\"} 0\n"))
        #expect(metrics.contains("\nkubernetes_build_info{major=\"1\",minor=\"36\","))
    }

    /// The names of all flags that `run` accepts, hidden ones included, as its parser knows them.
    private static func flagsOfRun() throws -> Set<String> {
        let dump = try Subprocess.check([Repository.tool, "--experimental-dump-help"])
        let tool = try JSONSerialization.jsonObject(with: Data(dump.utf8)) as? [String: Any]
        let commands = (tool?["command"] as? [String: Any])?["subcommands"] as? [[String: Any]]
        let run = commands?.first { $0["commandName"] as? String == "run" }
        let arguments = try #require(run?["arguments"] as? [[String: Any]])
        return Set(
            arguments.compactMap { argument -> String? in
                let name = (argument["preferredName"] as? [String: Any])?["name"] as? String
                return ["help", "help-hidden", "version"].contains(name) ? nil : name
            })
    }

    @Test func noPageShowsACredential() throws {
        let node = try StatusNode()
        let folder = try TemporaryFolder()
        let secret = "s3cr3t-\(UUID().uuidString)"
        let objects = try folder.write(
            "objects.json", #"{"kind": "List", "items": [{"kind": "Node", "metadata": {"name": "node-1"}}]}"#)
        let server = try node.namespace.start(
            [Repository.products.appending(path: "test-api-server").path]
                + ["--listen", "127.0.0.1:0", "--objects", objects])
        let url = try server.waitForOutput(after: "listening on ")
        let kubeconfig = try folder.write(
            "kubeconfig",
            """
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters: [{name: k, cluster: {server: "\(url)"}}]
            users: [{name: u, user: {token: "\(secret)"}}]

            """)
        let program = try node.start(source: ["--kubeconfig", kubeconfig], ["--v", "6"])
        for page in ["flagz", "configz", "statusz", "metrics", "problems", "v1/status", "v1/events?output=json"] {
            let answer = try #require(try node.get("127.0.0.1:10249/\(page)"))
            #expect(answer.status == 200 && !answer.body.contains(secret), "\(page)")
        }
        #expect(try node.get("127.0.0.1:10249/flagz")?.body.contains("\nkubeconfig=\(kubeconfig)\n") == true)
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        let host = url.dropFirst("http://".count)
        #expect(metrics.contains("rest_client_requests_total{code=\"200\",method=\"GET\",host=\"\(host)\"} "))
        #expect(metrics.contains("rest_client_request_duration_seconds_count{verb=\"GET\","))
        #expect(!program.errors.contains(secret))
    }
}
