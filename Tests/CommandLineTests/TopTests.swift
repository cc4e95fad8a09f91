// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// `top` without a running program.
@Suite("top, alone") struct TopUsageTests {
    @Test(
        "needs sensible arguments",
        arguments: [
            (["pods"], "invalid value \"pods\" for \"<services|endpoints>\""),
            (["--sort", "x"], "(supported: connections, refused, deviation, name)"),
            (["--sort", "deviation"], "is for other lists (supported for services: connections, refused, name)"),
            (["endpoints", "--sort", "refused"], "(supported for endpoints: connections, deviation, name)"),
            (["--interval", "0.5s"], "invalid value \"0.5s\" for \"--interval <duration>\""),
            (["--interval", "2"], "invalid value \"2\" for \"--interval <duration>\""),
        ])
    func usage(arguments: [String], message: String) throws {
        let result = try Subprocess.run([Repository.tool, "top"] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("names what is missing if nothing answers, on a terminal as elsewhere")
    func absent() throws {
        let message = "error: no kubetables is running on this node (nothing listens on /nowhere/k.sock)"
        let once = try Subprocess.run([Repository.tool, "top", "--socket", "/nowhere/k.sock"])
        #expect(once.status == 69 && once.errors.hasPrefix(message))
        let terminal = try TerminalProcess([Repository.tool, "top", "--socket", "/nowhere/k.sock"])
        #expect(try terminal.wait() == 69)
        #expect(terminal.text.contains(message) && !terminal.text.contains("\u{1b}[?1049h"))
    }
}

/// `top` of a running program, on a terminal and elsewhere, with real connections.
@Suite("top of a running program", .needsKernel) struct TopTests {
    private static let enter = "\u{1b}[?1049h"
    private static let leave = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    private let node: StatusNode
    private let folder: TemporaryFolder
    private var socket: String { "\(folder.path)/k.sock" }

    init() throws {
        node = try StatusNode()
        folder = try TemporaryFolder()
        try node.write(WebService.objects(endpoint: "10.244.1.11"))
        try node.start(["--socket", socket])
    }

    private func top(_ arguments: String...) throws -> TerminalProcess {
        let terminal = try node.namespace.startOnTerminal(
            [Repository.tool, "top", "--interval", "1s", "--socket", socket] + arguments)
        terminal.resize(columns: 120, rows: 30)
        try terminal.waitForText("kubetables top ")
        try terminal.waitForText("web:80")
        #expect(terminal.text.contains(Self.enter) && !terminal.text.contains(Self.leave))
        #expect(!terminal.isOrdinary)
        return terminal
    }

    private func expectRestored(_ terminal: TerminalProcess) {
        #expect(terminal.text.contains(Self.leave))
        #expect(terminal.isOrdinary)
    }

    @Test("refreshes, and ends with q and with Ctrl-C, with the terminal as before", arguments: ["q", "\u{3}"])
    func keys(key: String) throws {
        let terminal = try top()
        // The first rates, of the second answer.
        try terminal.waitForText("0.0 connections/s, 0.0 refused/s, over ")
        try terminal.type("xy")
        try terminal.type(key)
        #expect(try terminal.wait() == 0)
        expectRestored(terminal)
        #expect(!terminal.text.contains("xy"))
    }

    @Test(
        "restores the terminal when a signal ends it, and ends with that signal",
        arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGSEGV])
    func signals(number: Int32) throws {
        let terminal = try top("endpoints")
        terminal.signal(number)
        #expect(try terminal.wait() == 128 + number)
        expectRestored(terminal)
    }

    @Test("draws again when the window is resized, and keeps to its size")
    func resizing() throws {
        let terminal = try top()
        terminal.resize(columns: 34, rows: 3)
        try terminal.waitForText("kubetables top services  every 1s…")
        try terminal.type("q")
        #expect(try terminal.wait() == 0)
    }

    @Test("gives the terminal back while it is stopped with Ctrl-Z, and goes on in the foreground")
    func stopping() throws {
        let command = "\(Repository.tool) top --interval 1s --socket \(socket)"
        let terminal = try node.namespace.startOnTerminal([
            "bash", "-mc",
            "\(command); echo \"stopped: $?\"; stty -a | grep icanon; fg >/dev/null; echo \"ended: $?\"",
        ])
        try terminal.waitForText("web:80")
        try terminal.type("\u{1a}")
        try terminal.waitForText("stopped: 148")
        try terminal.waitForText(" icanon ")
        let stopped = try #require(terminal.text.range(of: "stopped: 148"))
        #expect(terminal.text[..<stopped.lowerBound].contains(Self.leave))
        try terminal.waitForText("web:80", after: "stopped: 148")
        #expect(terminal.text[stopped.upperBound...].contains(Self.enter))
        try terminal.type("q")
        try terminal.waitForText("ended: 0")
        _ = try terminal.wait()
        #expect(terminal.isOrdinary)
    }

    @Test("keeps the last table when the program ends, and names the cause")
    func interruption() throws {
        let terminal = try top()
        let program = try #require(node.program)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        try terminal.waitForText("no kubetables is running on this node")
        try terminal.type("q")
        #expect(try terminal.wait() == 0)
        expectRestored(terminal)
        #expect(!terminal.text.contains("error: "))
    }

    @Test("takes little more than a second once, and none if it was measured a moment ago")
    func duration() throws {
        func duration(_ command: String, _ start: String) throws -> Duration {
            try ContinuousClock().measure {
                let result = try node.namespace.attempt(
                    [Repository.tool] + command.split(separator: " ").map(String.init) + ["--socket", socket])
                #expect(result.output.hasPrefix(start), "\(result.output)")
            }
        }
        usleep(1_100_000)
        // What any command takes on this machine, which may be busy.
        let usual = try duration("status", "version")
        let first = try duration("top --once", "0.0 connections/s")
        #expect(first < .seconds(1.2) + usual * 5, "\(first), \(usual)")
        let later = try (0..<5).map { _ in try duration("top --once", "0.0 connections/s") }
        #expect(later.min() ?? .zero < .seconds(1), "\(later)")
        let none = try node.namespace.attempt([Repository.tool, "top", "--once", "-n", "nosuch", "--socket", socket])
        #expect(none.status == 0 && none.output == "" && none.errors == "No services found in namespace \"nosuch\".\n")
    }

    @Test("prints once where there is no terminal, and with --once; as JSON, too")
    func once() throws {
        func top(_ arguments: String...) throws -> ProcessResult {
            try node.namespace.attempt(
                [Repository.tool, "top"] + arguments + ["--socket", socket, "--interval", "1s"])
        }
        let table = try top()
        #expect(table.status == 0 && table.errors == "")
        #expect(table.output.hasPrefix("0.0 connections/s, 0.0 refused/s, over "), "\(table.output)")
        #expect(table.output.contains("\ndefault    web:80 ") && !table.output.contains("\u{1b}"))
        let json = try top("endpoints", "-o", "json", "-n", "default", "web").output
        let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(list?["kind"] as? String == "TopEndpointList")
        #expect((list?["items"] as? [[String: Any]])?.first?["address"] as? String == "10.244.1.11")
        let terminal = try node.namespace.startOnTerminal([Repository.tool, "top", "--once", "--socket", socket])
        #expect(try terminal.wait() == 0)
        #expect(terminal.text.contains("web:80") && !terminal.text.contains(Self.enter))
        let refused = try node.namespace.startOnTerminal([Repository.tool, "top", "-o", "json", "--socket", socket])
        #expect(try refused.wait() == 64)
        #expect(refused.text.contains("-o json prints one table: pass --once"))
        let unknown = try top("services", "wbe")
        #expect(
            unknown.status == 65 && unknown.errors == "error: there is no Service wbe; did you mean \"default/web\"?\n")
    }
}

/// What `top` shows of real connections through the rules.
@Suite("top with traffic", .needsKernel) struct TopTrafficTests {
    @Test("shows rates, fair shares unmarked, a blocked endpoint marked, and refusals by reason")
    func traffic() throws {
        let lab = try Lab(pods: ["pod-1=10.244.1.11", "pod-2=10.244.1.12", "client-pod=10.244.1.20"])
        for pod in ["pod-1", "pod-2"] { try lab.serve(pod, port: 80) }
        let folder = try TemporaryFolder()
        let objects = WebService.objects(endpoint: "10.244.1.11\"]}, {addresses: [\"10.244.1.12")
            .replacing("port: 8080", with: "port: 80")
        let empty = "{metadata: {name: empty}, spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}}"
        try folder.write(
            "manifests/objects.yaml", "\(objects)\n---\n{apiVersion: v1, kind: Service, \(empty.dropFirst())\n")
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + ["--lock-file", "\(folder.path)/lock", "--owner-lock-file", "\(folder.path)/owner"]
                + ["--socket", "\(folder.path)/k.sock", "--iptables-sync-period", "1h", "--node-ip", "192.168.50.10"])
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "start: IPv6")
        func top(_ resource: String) throws -> [[String: Any]] {
            let json = try lab.run(
                "node", [Repository.tool, "top", resource, "--once", "-o", "json", "--socket", "\(folder.path)/k.sock"])
            let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            return try #require(list?["items"] as? [[String: Any]])
        }
        _ = try top("endpoints")
        #expect(try lab.ask("client-pod", "10.96.0.10:80", count: 200).values.reduce(0, +) == 200)
        _ = try lab.attempt("client-pod", ["curl", "-s", "--max-time", "1", "http://10.96.0.11/"])
        usleep(1_100_000)
        let services = try top("services")
        #expect(services.compactMap { $0["name"] as? String } == ["web", "empty"])
        #expect(services[0]["connectionsPerSecond"] as? Double ?? 0 > 10)
        #expect(services[0]["share"] as? Double == 1 && services[0]["deviatingEndpoints"] as? Int == 0)
        let refused = try #require(services[1]["refusedPerSecond"] as? [String: Double])
        #expect(refused["no-endpoints"] ?? 0 > 0 && services[1]["state"] as? String == "no-endpoints")
        var endpoints = try top("endpoints")
        #expect(endpoints.compactMap { $0["connections"] as? Int }.reduce(0, +) == 200, "\(endpoints)")
        #expect(
            endpoints.allSatisfy { $0["expectedShare"] as? Double == 0.5 && $0["deviation"] == nil }, "\(endpoints)")
        #expect(endpoints.compactMap { $0["share"] as? Double }.reduce(0, +) == 1)

        // Another process changes the rules, so that the second endpoint is never drawn.
        let rules = try lab.run("node", ["iptables-legacy", "-t", "nat", "-S"]).split(separator: "\n")
        let drawn = try #require(rules.first { $0.contains("KUBE-SVC-") && $0.contains("statistic") }).split(
            separator: " ")
        let (chain, endpoint) = (String(drawn[1]), try #require(drawn.last.map(String.init)))
        try lab.run("node", ["iptables-legacy", "-t", "nat", "-I", chain, "1", "-j", endpoint])
        #expect(try lab.ask("client-pod", "10.96.0.10:80", count: 200).count == 1)
        usleep(1_100_000)
        endpoints = try top("endpoints")
        #expect(Set(endpoints.compactMap { $0["deviation"] as? String }) == ["more", "less"], "\(endpoints)")
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }
}
