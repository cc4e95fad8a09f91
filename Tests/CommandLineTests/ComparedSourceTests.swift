// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// What `plan` and `verify` compare the kernel with, besides manifests.
@Suite("plan and verify without manifests", .needsKernel) struct ComparedSourceTests {
    private let node: StatusNode
    private let folder: TemporaryFolder

    init() throws {
        node = try StatusNode()
        folder = try TemporaryFolder()
    }

    private var socket: String { "\(folder.path)/k.sock" }

    private func tool(_ arguments: String..., source: [String]? = nil) throws -> ProcessResult {
        try node.namespace.attempt([Repository.tool] + arguments + (source ?? ["--socket", socket]))
    }

    @Test("ask the running program: what it desires, in every form, over its socket and its port")
    func program() throws {
        try node.write(WebService.objects(endpoint: "10.244.1.11"))
        try node.start(["--socket", socket, "--iptables-sync-period", "1h"])
        let inSync = try tool("plan")
        #expect(inSync.status == 0, "\(inSync.errors)")
        #expect(inSync.output == "IPv4: in sync, no changes\nIPv6: in sync, no changes\n")
        let clean = try tool("verify")
        #expect(clean.status == 0 && clean.output == "IPv4: no drift\nIPv6: no drift\n", "\(clean.output)")

        try node.namespace.run("iptables-legacy", "-t", "nat", "-D", "KUBE-SERVICES", "1")
        let plan = try tool("plan")
        #expect(plan.status == 2)
        #expect(plan.output.hasPrefix("IPv4: nat +1 -0 ~0 rules ("), "\(plan.output)")
        #expect(plan.output.contains("\n  ~ default/web  1 rule\nIPv6: in sync, no changes\n"), "\(plan.output)")
        let rules = try tool("plan", "--rules", "-n", "default", "--service", "web", "--ip-family", "ipv4")
        #expect(rules.output.contains("\n      + -A KUBE-SERVICES -d 10.96.0.10/32 "), "\(rules.output)")
        #expect(!rules.output.contains("IPv6"))
        #expect(
            try tool("plan", "-n", "shop").output.contains("\n  no rules are made for Services in namespace \"shop\"\n")
        )
        let json = try tool("plan", "--output", "json")
        #expect(json.status == 2)
        let plans = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(plans.map { $0["family"] as? String } == ["ipv4", "ipv6"])
        #expect(plans.first?["foreignRulesAhead"] as? [String] == [])

        let drift = try tool("verify")
        #expect(drift.status == 2)
        #expect(
            drift.output == """
                IPv4: drift: nat 1 rule missing
                  ~ default/web  1 rule missing
                IPv6: no drift

                """, "\(drift.output)")
        let overPort = try tool("verify", "--rules", source: ["--server", "127.0.0.1:10249"])
        #expect(overPort.output.contains("\n    nat KUBE-SERVICES\n      missing: -A KUBE-SERVICES -d 10.96.0.10/32 "))
        let restored = try tool("verify", "--ip-family", "ipv6", "--fail-on", "foreign")
        #expect(restored.status == 0)
        try node.namespace.run("iptables-legacy", "-I", "FORWARD", "-d", "10.244.1.11", "-j", "DROP")
        let foreign = try tool("verify", "--ip-family", "ipv6", "--fail-on", "foreign")
        #expect(foreign.status == 0 && foreign.output == "IPv6: no drift\n")
        #expect(try tool("verify").output.contains("; 1 foreign rule can take packets to Services before our jumps\n"))

        // A page without parameters is what it was.
        let page = try node.namespace.run("curl", "-s", "127.0.0.1:10249/plan")
        #expect(page.contains("\n      + -A KUBE-SERVICES -d 10.96.0.10/32 "))
        let invalid = try node.get("127.0.0.1:10249/plan?output=xml")
        #expect(invalid?.status == 400 && invalid?.body == "unsupported output=xml (supported: text, json)\n")
    }

    @Test("name what is missing if no program runs, or one of another version")
    func absent() throws {
        let absent = try tool("plan")
        #expect(absent.status == 69)
        #expect(absent.errors.hasPrefix("error: no kubetables is running on this node (nothing listens on \(socket))"))
        // As a program answers that has a page of this name, and nothing else.
        let other = try node.namespace.start([
            "python3", "-c",
            """
            import http.server, sys
            class Page(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200); self.end_headers(); self.wfile.write(b"IPv4: in sync\\n")
                def log_message(self, *words): pass
            server = http.server.HTTPServer(("127.0.0.1", 10249), Page)
            print("listening on 10249", flush=True)
            server.serve_forever()
            """,
        ])
        defer { other.signal(SIGKILL) }
        _ = try other.waitForOutput(after: "listening on ")
        let wrong = try tool("plan", source: ["--server", "127.0.0.1:10249"])
        #expect(wrong.status == 69 && wrong.output == "")
        #expect(wrong.errors.contains("has no page for this command: the running kubetables is another version"))
    }

    private static let objects = """
        {"kind": "List", "items": [
          {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}},
          {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
           "spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}},
          {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
           "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
           "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
           "endpoints": [{"addresses": ["10.244.1.11"], "nodeName": "node-1"}]}
          INVALID
        ]}
        """

    private func withServer(invalid: String, _ body: ([String]) throws -> Void) throws {
        let server = try node.namespace.start([
            Repository.products.appending(path: "test-api-server").path, "--listen", "127.0.0.1:0",
            "--objects", try folder.write("objects.json", Self.objects.replacing("INVALID", with: invalid)),
        ])
        defer { server.signal(SIGKILL) }
        let url = try server.waitForOutput(after: "listening on ")
        try body(["--master", url, "--hostname-override", "node-1", "--ip-family", "ipv4"])
    }

    @Test("read a cluster once, and repair what it desires")
    func cluster() throws {
        try withServer(invalid: "") { source in
            let plan = try tool("plan", source: source)
            #expect(plan.status == 2, "\(plan.errors)")
            #expect(plan.output.contains("\n  + shop/web:http  endpoints 0 → 1: +10.244.1.11\n"), "\(plan.output)")
            let lock = ["--lock-file", node.namespace.lockPath]
            #expect(try tool("verify", source: source + lock).status == 2)
            let repaired = try tool("verify", "--repair", source: source + lock)
            #expect(repaired.status == 0, "\(repaired.errors)")
            #expect(try tool("plan", source: source).output == "IPv4: in sync, no changes\n")
        }
    }

    @Test("of a cluster leave out what is invalid, repair nothing then, and end with 65")
    func invalidObject() throws {
        let invalid = """
            , {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad", "namespace": "shop"},
             "spec": {"clusterIP": "10.96.0.11", "clusterIPs": ["10.96.0.11"], "ports": [{"port": 80, "protocol": "TCP", "nodePort": -1}]}}
            """
        try withServer(invalid: invalid) { source in
            let plan = try tool("plan", source: source)
            #expect(plan.status == 65 && plan.output.contains("+ shop/web:http  "), "\(plan.output)")
            #expect(plan.errors.contains("Service shop/bad: spec.ports[0].nodePort: "), "\(plan.errors)")
            let repair = try tool("verify", "--repair", source: source + ["--lock-file", node.namespace.lockPath])
            #expect(repair.status == 65)
            #expect(repair.errors.contains("error: nothing was repaired: some objects cannot be used\n"))
            #expect(try !node.namespace.run("iptables-legacy-save").contains("KUBE-"))
        }
    }

    @Test("print only the summary on a terminal if there are more than 200 lines, and a hint")
    func length() throws {
        let services = (0..<201).map { number in
            "{apiVersion: v1, kind: Service, metadata: {name: s\(number)}, "
                + "spec: {clusterIP: 10.96.\(number / 200).\(number % 200 + 1), ports: [{port: 80}]}}\n"
        }
        let file = try folder.write("many.yaml", services.joined(separator: "---\n"))
        for command in ["plan", "verify"] {
            let arguments = [Repository.tool, command, "-f", file, "--ip-family", "ipv4", "--hostname-override", "n"]
            let terminal = try node.namespace.startOnTerminal(arguments)
            #expect(try terminal.wait() == 2)
            let hint = "lines: too many for a terminal; select some with -n or --service, or send the output to a file"
            #expect(terminal.text.contains(hint), "\(terminal.text)")
            #expect(!terminal.text.contains("default/s1"))
            #expect(try node.namespace.attempt(arguments).output.contains("default/s200  "))
        }
    }
}
