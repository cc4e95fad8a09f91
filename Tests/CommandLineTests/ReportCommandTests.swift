// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The commands that print reports, without a running program: exit codes and messages, and the same reports from files.
@Suite("Reports of manifests") struct ReportCommandTests {
    private static let manifests = WebService.objects(endpoint: "10.244.1.11")

    private func report(_ arguments: [String], input: String = manifests, environment: [String: String] = [:]) throws
        -> ProcessResult
    {
        try Subprocess.run(
            [Repository.tool] + arguments + ["-f", "-", "--hostname-override", "node-1"], input: input,
            environment: environment)
    }

    @Test("list Services and endpoints")
    func get() throws {
        let services = try report(["get", "services"])
        #expect(services.status == 0 && services.errors == "")
        #expect(
            services.output == """
                NAMESPACE  NAME:PORT  TYPE       CLUSTER-IP  ENDPOINTS  POLICY   STATE
                default    web:80     ClusterIP  10.96.0.10        1/1  Cluster  ok

                """)
        #expect(services.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
        for name in ["svc", "service"] { #expect(try report(["get", name]).output == services.output) }
        let endpoints = try report(["get", "endpoints", "web", "-n", "default", "-o", "json"])
        let json = try JSONSerialization.jsonObject(with: Data(endpoints.output.utf8)) as? [String: Any]
        #expect(json?["apiVersion"] as? String == "kubetables/v1")
        #expect(json?["kind"] as? String == "EndpointList")
        #expect((json?["items"] as? [[String: Any]])?.first?["address"] as? String == "10.244.1.11")
    }

    @Test("explain a Service and show the status")
    func others() throws {
        #expect(try report(["explain", "default/web"]).output.contains("cluster IP 10.96.0.10:80: goes to 1 endpoint"))
        #expect(
            try report(["explain", "service/web"]).output.contains("default/web  ClusterIP, standard input, line 1\n"))
        #expect(try report(["status"]).output.contains("\nports      1 ok\n"))
        #expect(try report(["status", "-o", "yaml"]).output.hasPrefix("apiVersion: kubetables/v1\nkind: Status\n"))
    }

    @Test("have colours only if they are wanted")
    func colors() throws {
        #expect(!(try report(["get", "svc"]).output.contains("\u{1b}")))
        #expect(try report(["get", "svc", "--color", "always"]).output.contains("\u{1b}[32mok\u{1b}[0m"))
        #expect(!(try report(["get", "svc", "--color", "never"]).output.contains("\u{1b}")))
    }

    @Test("name what is not there, and end with 65")
    func unknown() throws {
        for (arguments, message) in [
            (["get", "services", "wbe"], "there is no Service wbe"),
            (["get", "endpoints", "web", "-n", "x"], "there is no Service web in namespace x"),
            (["explain", "shop/web"], "there is no Service shop/web, and no Service has a chain of that name"),
        ] {
            let result = try report(arguments)
            #expect(result.status == 65)
            #expect(result.errors == "error: \(message)\n")
            #expect(result.output == "")
        }
    }

    @Test("show an invalid Service, and end with 65")
    func invalid() throws {
        let broken =
            "apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {clusterIP: x, ports: [{port: 80}]}\n---\n"
        let result = try report(["get", "services"], input: broken + Self.manifests)
        #expect(result.status == 65)
        #expect(result.errors.contains("Service default/b: spec.clusterIP: "))
        #expect(result.output.contains("\ndefault    b ") && result.output.contains("  invalid\n"))
        #expect(try report(["status"], input: "a: [").status == 65)
    }

    @Test(
        "need sensible arguments",
        arguments: [
            (["get"], "missing required argument \"<services|endpoints>\""),
            (["get", "pods"], "invalid value \"pods\" for \"<services|endpoints>\""),
            (["explain"], "missing required argument \"<subject>\""),
            (["status", "-o", "xml"], "(supported: table, wide, json, yaml)"),
            (["status", "--color", "x"], "(supported: auto, always, never)"),
            (["status", "-f", "-", "--socket", "/x"], "-f cannot be combined with --socket: there is one source only"),
            (["status", "--server", "x", "--socket", "/x"], "--socket cannot be combined with --server"),
        ])
    func usage(arguments: [String], message: String) throws {
        let result = try Subprocess.run([Repository.tool] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("of the running program name what to do if none runs")
    func absent() throws {
        let folder = try TemporaryFolder()
        let missing = try Subprocess.run([Repository.tool, "status", "--socket", "\(folder.path)/x.sock"])
        #expect(missing.status == 69)
        #expect(
            missing.errors == """
                error: no kubetables is running on this node (nothing listens on \(folder.path)/x.sock): start it with \
                'kubetables run', or pass -f or --kubeconfig to read manifests or a cluster instead

                """)
        let refused = try Subprocess.run([Repository.tool, "get", "svc", "--server", "127.0.0.1:1"])
        #expect(refused.status == 69)
        #expect(
            refused.errors.hasPrefix("error: no kubetables is running at 127.0.0.1:1, or its --metrics-bind-address"))
    }
}
