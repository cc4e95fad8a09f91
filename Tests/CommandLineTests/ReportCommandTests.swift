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
            (["get", "services", "wbe"], "there is no Service wbe; did you mean \"default/web\"?"),
            (
                ["get", "endpoints", "web", "-n", "x"],
                "there is no Service web in namespace x; did you mean \"default/web\"?"
            ),
            (
                ["explain", "shop/web"],
                "there is no Service shop/web, and no Service has a chain of that name; did you mean \"default/web\"?"
            ),
            (
                ["explain", "KUBE-NOPE"],
                "no Service has a chain \"KUBE-NOPE\" now; chains of endpoints come and go with them: 'kubetables explain "
                    + "NAMESPACE/NAME' lists the chains of a Service"
            ),
        ] {
            let result = try report(arguments)
            #expect(result.status == 65)
            #expect(result.errors == "error: \(message)\n")
            #expect(result.output == "")
        }
    }

    @Test("of a namespace without Services are empty, as kubectl's are")
    func emptyNamespace() throws {
        for (arguments, kind) in [
            (["get", "services"], "services"), (["get", "endpoints", "-o", "wide"], "endpoints"),
        ] {
            let result = try report(arguments + ["-n", "nosuch"])
            #expect(result.status == 0 && result.output == "")
            #expect(result.errors == "No \(kind) found in namespace \"nosuch\".\n")
        }
        let json = try report(["get", "services", "-n", "nosuch", "-o", "json"])
        #expect(json.output.contains("\"items\": []") && json.errors == "")
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
            (
                ["status", "--server", ""],
                "--server: missing address: must be the --metrics-bind-address of a running kubetables as ADDRESS:PORT, for "
                    + "example 127.0.0.1:10249"
            ),
            (
                ["status", "--server", "foo"],
                "--server: invalid address \"foo\": it must be the --metrics-bind-address"
            ),
            (
                ["status", "--server", "https://127.0.0.1:1"],
                "--server: invalid address \"https://127.0.0.1:1\": it must"
            ),
            (["status", "--server", "127.0.0.1:99999"], "invalid port \"99999\": must be a number from 1 to 65535"),
            (["status", "--server", "010.0.0.1:80"], "\"010\" has a leading zero"),
            (
                ["status", "--socket", ""],
                "--socket: missing path: write one, for example /run/kubetables/kubetables.sock"
            ),
            (["get", "services", "-f", ""], "-f: missing path: write a file, a directory, or - for standard input"),
            (["compile", "-f", ""], "-f: missing path: write a file"),
            (
                ["get", "services", "-n", ""],
                "invalid value \"\" for \"-n <namespace>\": the name of a namespace cannot be empty; write a name, for "
                    + "example -n default, or leave out -n"
            ),
            (["explain", "web", "--namespace="], "the name of a namespace cannot be empty"),
            (["explain", "10.96.0.10:99999", "-f", "-"], "invalid port \"99999\": must be a number from 1 to 65535"),
            (["explain", "10.96.0.10:6379x", "-f", "-"], "invalid port \"6379x\": must be a number from 1 to 65535"),
            (
                ["explain", "10.96.0.10:80/icmp", "-f", "-"],
                "unsupported protocol \"icmp\" (supported: tcp, udp, sctp)"
            ),
            (["explain", "", "-f", "-"], "missing subject: write a Service"),
            (
                ["events", "--since", "-5m"],
                "invalid value \"-5m\" for \"--since <duration>\": must not be negative, for example 90s, 10m or 2h"
            ),
            (["events", "--since", "10"], "the unit is missing; write 10s, for example 90s, 10m or 2h"),
            (
                ["top", "--interval", "-1s"],
                "invalid value \"-1s\" for \"--interval <duration>\": must be from 1s to 1h"
            ),
            (["top", "--interval", "0"], "must be from 1s to 1h, for example 2s"),
            (["top", "--interval", "10"], "the unit is missing; write 10s, from 1s to 1h"),
            (["top", "-f", "x"], "top has no option \"-f\": what it shows only a running program knows"),
            (["events", "--kubeconfig", "x"], "events has no option \"--kubeconfig\": what it shows only a running"),
            (
                ["trace", "--from", "10.0.0.1:99999", "--to", "10.0.0.1:80"],
                "invalid source \"10.0.0.1:99999\": invalid port \"99999\": must be a number from 1 to 65535"
            ),
            (
                ["trace", "--from", "010.0.0.1", "--to", "10.0.0.1:80"],
                "\"010\" has a leading zero, which some programs read"
            ),
            (["verify", "--repair"], "--repair needs -f, --kubeconfig or --master: the running program repairs drift"),
            (["plan", "-n", ""], "the name of a namespace cannot be empty"),
            (["plan", "--service", ""], "--service: missing name: write NAME or NAMESPACE/NAME"),
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
        for (path, what) in [(folder.path, "a directory"), (try folder.write("file", "x"), "a file")] {
            let misfit = try Subprocess.run([Repository.tool, "status", "--socket", path])
            #expect(misfit.status == 69)
            #expect(
                misfit.errors == """
                    error: --socket: \(path) is \(what), not a socket: write the path of the running program's socket, for \
                    example /run/kubetables/kubetables.sock

                    """)
        }
        let long = try Subprocess.run([Repository.tool, "plan", "--socket", "/\(String(repeating: "x", count: 200))"])
        #expect(long.status == 69 && long.errors.contains("the path is too long for a socket"), "\(long.errors)")
        let nameless = try Subprocess.run([Repository.tool, "status", "--server", "nosuch.invalid:80"])
        #expect(nameless.status == 69)
        #expect(
            nameless.errors.hasPrefix(
                "error: --server nosuch.invalid:80: the name \"nosuch.invalid\" has no address: check that it is the "
                    + "--metrics-bind-address"), "\(nameless.errors)")
        let refused = try Subprocess.run([Repository.tool, "get", "svc", "--server", "127.0.0.1:1"])
        #expect(refused.status == 69)
        #expect(
            refused.errors.hasPrefix("error: no kubetables is running at 127.0.0.1:1, or its --metrics-bind-address"))
    }
}
