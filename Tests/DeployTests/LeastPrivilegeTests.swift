// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Two capabilities, a file system that cannot be written and a lock that can be opened are all it takes.
@Suite(.needsKernel, .serialized) struct LeastPrivilegeTests {
    private let folder: TemporaryFolder
    private let lock: String

    init() throws {
        folder = try TemporaryFolder()
        // As iptables makes it, for root alone.
        lock = try folder.write("xtables.lock", "", mode: 0o600)
        try write("walkthrough", to: "manifests")
        try FileManager.default.createDirectory(atPath: owner, withIntermediateDirectories: false)
        try chmod(folder.path, 0o755)
        try chmod(owner, 0o777)
    }

    /// Lays the objects of a fixture out as a volume that everybody can read.
    private func write(_ fixture: String, to name: String) throws {
        let objects = Repository.fixtures.appending(path: "\(fixture)/objects.yaml")
        try folder.write(
            "\(name)/objects.yaml", String(decoding: try Data(contentsOf: objects), as: UTF8.self), mode: 0o644)
    }

    /// The folder of the owner's lock.
    private var owner: String { "\(folder.path)/owner" }

    private func chmod(_ path: String, _ mode: mode_t) throws { try #require(Glibc.chmod(path, mode) == 0) }

    private func container(_ user: Container.User = .root) -> Container {
        Container(
            volumes: [
                .init(source: lock, target: "/run/xtables.lock"),
                .init(source: owner, target: "/run/kubetables"),
                .init(source: "\(folder.path)/manifests", target: "/var/lib/manifests", isReadOnly: true),
            ], user: user)
    }

    private static let options = [
        "--hostname-override", "node-1", "--node-ip", "192.168.50.10", "--cluster-cidr", "10.244.0.0/16",
    ]

    private static let apply = ["apply", "-f", "/var/lib/manifests"] + options
    private static let run =
        ["run", "--manifests", "/var/lib/manifests", "--iptables-min-sync-period", "0s"] + options

    /// The walk-through's network, with somebody behind redis.
    private func lab() throws -> Lab {
        let lab = try Lab(pods: ["redis=10.244.1.190", "myapp-1=10.244.2.59", "client-pod=10.244.1.5"])
        try lab.serve("redis", port: 6379)
        try lab.serve("myapp-1", port: 80)
        return lab
    }

    @Test(arguments: Container.User.allCases) func twoCapabilitiesSuffice(user: Container.User) throws {
        // A group may open the lock, so that nobody else can keep it from iptables.
        if user == .nobody {
            try chmod(lock, 0o640)
            try #require(chown(lock, 0, 65534) == 0)
        }
        let lab = try lab()
        let applied = try lab.attempt("node", container(user).command(Self.apply))
        try #require(applied.status == 0, "\(applied.errors)")
        #expect(try lab.ask("client-pod", "10.97.218.31:6379", count: 10) == ["redis": 10])

        let program = try lab.start("node", container(user).command(Self.run))
        try program.waitForErrors(containing: "start: IPv4")
        #expect(try lab.ask("client-pod", "10.97.218.31:6379", count: 10) == ["redis": 10])
        try write("walkthrough/scaled-to-one", to: "manifests")
        try program.waitForErrors(containing: "1 Service changed: ")
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 10) == ["myapp-1": 10])
        // Without a warning, but that the kernel will not spare it when memory is short, which is one capability more, and
        // that a second kubetables would not be noticed and commands are not answered on a socket: this container has no
        // writable folder for the owner lock and the socket.
        let troubles = program.errors.split(separator: "\n").filter {
            ($0.contains(" error ") || $0.contains(" warning ")) && !$0.contains("oom")
                && !$0.contains("a second kubetables on this node would not be noticed")
                && !$0.contains("commands that ask this program need --server")
        }
        #expect(troubles.isEmpty, "\(program.errors)")
        #expect(program.errors.contains("route_localnet: left at 0 (wanted 1): the file system is read-only"))
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    /// Runs what must end by itself.
    private func attempt(_ container: Container, _ command: [String], _ node: NetworkNamespace) throws -> ProcessResult
    {
        try node.attempt(["timeout", "-s", "KILL", "30"] + container.command(command))
    }

    @Test(arguments: ["net_admin", "net_raw"]) func aMissingCapabilityEndsWith77(capability: String) throws {
        let node = try NetworkNamespace()
        var container = container()
        container.capabilities.removeAll { $0 == capability }
        for command in [Self.apply, Self.run] {
            let result = try attempt(container, command, node)
            #expect(result.status == 77, "\(result.errors)")
            #expect(result.errors.contains("run as root, or with the capabilities CAP_NET_ADMIN and CAP_NET_RAW"))
        }
    }

    @Test func aLockThatCannotBeOpenedEndsWith77() throws {
        let node = try NetworkNamespace()
        for command in [Self.apply, Self.run] {
            let foreign = try attempt(container(.nobody), command, node)
            #expect(foreign.status == 77, "\(foreign.errors)")
            #expect(
                foreign.errors.contains(
                    """
                    the lock /run/xtables.lock cannot be used: Permission denied (EACCES); run as root, or let a group \
                    of this user read it (chgrp, chmod 640)
                    """), "\(foreign.errors)")

            var container = container()
            container.volumes.removeFirst()
            let absent = try attempt(container, command, node)
            #expect(absent.status == 77, "\(absent.errors)")
            #expect(absent.errors.contains("mount the node's own there as a file"), "\(absent.errors)")

            container.volumes.append(.init(source: folder.path, target: "/run/xtables.lock"))
            let folder = try attempt(container, command, node)
            #expect(folder.status == 77, "\(folder.errors)")
            #expect(folder.errors.contains("it must be a file (hostPath of type FileOrCreate)"), "\(folder.errors)")
        }
    }
}
