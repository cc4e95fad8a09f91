// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// The commands that ask the running program, over its socket and over its port.
@Suite("Reports of a running program", .needsKernel) struct RunningReportTests {
    private let node: StatusNode
    private let folder: TemporaryFolder

    init() throws {
        node = try StatusNode()
        folder = try TemporaryFolder()
        try node.write(WebService.objects(endpoint: "10.244.1.11"))
    }

    private var socket: String { "\(folder.path)/run/k.sock" }

    private func report(_ arguments: String...) throws -> ProcessResult {
        try node.namespace.attempt([Repository.tool] + arguments)
    }

    /// Starts the program where the rules are in force already.
    private func startAgain() throws -> BackgroundProcess {
        try node.namespace.start([
            Repository.tool, "run", "--manifests", node.directory.path, "--lock-file", node.namespace.lockPath,
            "--socket", socket,
        ])
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test("are the same over the socket and over the port, and as JSON, YAML and text")
    func reports() throws {
        try node.start(["--socket", socket])
        let overSocket = try report("get", "services", "--socket", socket)
        #expect(overSocket.errors == "")
        #expect(overSocket.output.contains("default    web:80  "))
        let state = try #require(overSocket.output.split(separator: "\n").last)
        #expect(state.hasSuffix("  ok"))
        let overPort = try report("get", "services", "web", "--server", "127.0.0.1:10249")
        #expect(overPort.output.contains("default    web:80  "))

        let json = try report("get", "services", "-o", "json", "--socket", socket).output
        let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect((list?["items"] as? [[String: Any]])?.count == 1)
        let status = try report("status", "--socket", socket).output
        #expect(status.contains("\nsource     manifests=\(node.directory.path)\n"))
        #expect(status.contains("\nIPv4       in sync since "))
        #expect(status.split(separator: "\n").count <= 20)
        #expect(try report("explain", "10.96.0.10:80", "--socket", socket).output.contains("goes to 1 endpoint"))
        let unknown = try report("get", "services", "wbe", "--socket", socket)
        #expect(
            unknown.status == 65 && unknown.errors == "error: there is no Service wbe; did you mean \"default/web\"?\n")
    }

    @Test("have the events since the start: rules written, a change and drift")
    func events() throws {
        try node.start(["--socket", socket])
        try node.namespace.run("iptables-legacy", "-t", "nat", "-F", "KUBE-SERVICES")
        try node.eventually("drift") {
            try report("events", "--socket", socket).output.contains(
                "  drift     IPv4 nat: drift repaired in 1 chain: ")
        }
        let all = try report("events", "--since", "1h", "--socket", socket)
        #expect(all.status == 0 && all.output.contains("  sync      "), "\(all.output)\(all.errors)")
        #expect(all.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(all.output)")
        let json = try report("events", "-o", "json", "--socket", socket).output
        let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let items = try #require(list?["items"] as? [[String: Any]])
        #expect(list?["kind"] as? String == "EventList")
        #expect(items.map { $0["number"] as? Int } == Array(1...items.count))
        let nobody = try report("events", "default/webb", "--socket", socket)
        #expect(nobody.status == 65 && nobody.output == "")
        #expect(
            nobody.errors
                == "error: there is no Service default/webb, and no event of one is kept; did you mean \"default/web\"?\n"
        )
        let empty = try report("get", "services", "-n", "nosuch", "--socket", socket)
        #expect(empty.status == 0 && empty.output == "")
        #expect(empty.errors == "No services found in namespace \"nosuch\".\n")
        #expect(try report("events", "a/b/c", "--socket", socket).status == 64)
    }

    @Test("show drift of the last minutes, and connections per second after a second reading")
    func traffic() throws {
        try node.start(["--socket", socket])
        try node.namespace.run("iptables-legacy", "-t", "nat", "-F", "KUBE-SERVICES")
        try node.eventually("drift") {
            try report("get", "services", "--socket", socket).output.contains("  drifted\n")
        }
        func rate() throws -> Double? {
            let json = try report("get", "services", "-o", "json", "--socket", socket).output
            let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            let traffic = (list?["items"] as? [[String: Any]])?.first?["traffic"] as? [String: Any]
            return traffic?["connectionsPerSecond"] as? Double
        }
        try node.eventually("a second reading") { try rate() == 0 }
    }

    @Test("come through a socket that only its owner can use, and that is there as long as the program runs")
    func file() throws {
        let program = try node.start(["--socket", socket])
        #expect(mode(socket) == 0o600)
        #expect(mode("\(folder.path)/run") == 0o755)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        #expect(access(socket, F_OK) != 0)
        // One that is killed leaves it behind, and the next one replaces it.
        let killed = try startAgain()
        try node.eventually("an answer") { try report("status", "--socket", socket).status == 0 }
        killed.signal(SIGKILL)
        _ = try killed.wait()
        #expect(access(socket, F_OK) == 0)
        #expect(try report("status", "--socket", socket).status == 69)
        let next = try startAgain()
        try node.eventually("an answer") { try report("status", "--socket", socket).status == 0 }
        next.signal(SIGTERM)
        #expect(try next.wait() == 0)
    }

    @Test("are not served if the socket is disabled, or cannot be made, which does not end the program")
    func without() throws {
        let blocked = try folder.write("file", "x")
        let program = try node.start(["--socket", "\(blocked)/k.sock"])
        #expect(program.errors.contains("cannot listen on \(blocked)/k.sock: "))
        #expect(program.errors.contains("; commands that ask this program need --server"))
        #expect(try report("status", "--server", "127.0.0.1:10249").status == 0)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        try node.write("{}", to: "other.yaml")
        let silent = try node.namespace.start([
            Repository.tool, "run", "--manifests", node.directory.path, "--lock-file", node.namespace.lockPath,
            "--socket", "none",
        ])
        try silent.waitForErrors(containing: "started: ")
        #expect(!silent.errors.contains("cannot listen"))
        silent.signal(SIGTERM)
        #expect(try silent.wait() == 0)
    }
}
