// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// One program at a time keeps the rules of a node, and nothing removes them while it runs.
@Suite("The owner of a node's rules", .needsKernel) struct OwnerTests {
    private let folder: TemporaryFolder
    private let node = try? NetworkNamespace()

    init() throws {
        folder = try TemporaryFolder()
        let manifest = Repository.fixtures.appending(path: "walkthrough/objects.yaml")
        let manifests = URL(filePath: folder.path).appending(path: "manifests")
        try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: manifest, to: manifests.appending(path: "objects.yaml"))
    }

    private var lock: String { folder.path + "/owner.lock" }

    private func runCommand(_ further: String...) -> [String] {
        [
            Repository.tool, "run", "--manifests", folder.path + "/manifests", "--hostname-override", "node-1",
            "--owner-lock-file", lock,
        ] + further
    }

    private func started() throws -> BackgroundProcess {
        let node = try #require(node, "no network namespace could be made")
        let process = try node.start(runCommand())
        try process.waitForErrors(containing: "start: IPv4")
        return process
    }

    private func stop(_ process: BackgroundProcess) throws {
        process.signal(SIGTERM)
        #expect(try process.wait() == 0)
    }

    @Test("a second run is refused, and names the first")
    func secondRun() throws {
        let first = try started()
        let second = try #require(node).attempt(runCommand("--bind-address-hard-fail=false"))
        #expect(second.status == 71)
        #expect(
            second.errors.contains("another kubetables (process \(first.identifier)) keeps the rules"),
            "\(second.errors)")
        try stop(first)
        // The lock ends with its owner.
        let third = try started()
        try stop(third)
    }

    @Test("a lock that cannot be had is a warning only")
    func noLock() throws {
        let node = try #require(node)
        let process = try node.start(runCommand("--owner-lock-file", "/proc/owner.lock"))
        try process.waitForErrors(containing: "start: IPv4")
        #expect(process.errors.contains(" warning cannot lock /proc/owner.lock: "))
        try stop(process)
    }

    @Test("cleanup is refused while a run keeps the rules, unless it is forced")
    func cleanup() throws {
        let node = try #require(node)
        let process = try started()
        let cleanup = [Repository.tool, "cleanup", "--owner-lock-file", lock]
        let refused = try node.attempt(cleanup)
        #expect(refused.status == 71)
        #expect(refused.errors.contains("kubetables (process \(process.identifier))"), "\(refused.errors)")
        #expect(refused.errors.contains("--force"))
        #expect(try node.run("iptables-legacy-save").contains("default/redis"))

        let dryRun = try node.attempt(cleanup + ["--dry-run"])
        #expect(dryRun.status == 2)
        #expect(dryRun.output.contains("- -A KUBE-SERVICES -d 10.97.218.31/32"))
        #expect(try node.run("iptables-legacy-save").contains("default/redis"))

        let forced = try node.attempt(cleanup + ["--force"])
        #expect(forced.status == 0)
        #expect(forced.errors.contains("note: IPv4: the chain KUBE-FIREWALL stays"), "\(forced.errors)")
        #expect(try !node.run("iptables-legacy-save").contains("default/redis"))
        try stop(process)
        #expect(try node.attempt(cleanup).status == 0)
    }

    @Test("cleanup is refused while something listens on a port of kube-proxy, and does not connect to it")
    func answeringPort() throws {
        let node = try #require(node)
        try node.run("ip", "link", "set", "lo", "up")
        let server = try node.start(["socat", "-d", "-d", "TCP-LISTEN:10256,fork,reuseaddr", "SYSTEM:true"])
        defer { server.signal(SIGTERM) }
        var refused = try node.attempt([Repository.tool, "cleanup"])
        for _ in 0..<100 where refused.status == 0 {
            usleep(50_000)
            refused = try node.attempt([Repository.tool, "cleanup"])
        }
        #expect(refused.status == 71)
        #expect(
            refused.errors.contains(
                "another process listens on port 10256, which is that of a kube-proxy or kubetables, and would make"),
            "\(refused.errors)")
        #expect(!server.errors.contains("accepting connection"), "\(server.errors)")
    }
}
