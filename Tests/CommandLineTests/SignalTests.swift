// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Signals act from the first line of `main` on, and a request to end is obeyed whatever the program waits for.
@Suite("A signal to a running program", .needsKernel) struct SignalTests {
    private let node: NetworkNamespace
    private let folder: TemporaryFolder
    /// One second, and what a busy machine takes to start and end processes.
    private static let limit = Duration.seconds(2)

    init() throws {
        node = try NetworkNamespace()
        folder = try TemporaryFolder()
        try write(endpoint: 1)
    }

    private func write(endpoint: Int) throws {
        try folder.write("manifests/objects.yaml", WebService.objects(endpoint: "10.244.0.\(endpoint)"))
    }

    private var manifests: [String] { ["--manifests", folder.path + "/manifests"] }

    private func command(_ source: [String], _ arguments: [String] = []) -> [String] {
        [Repository.tool, "run"] + source
            + ["--hostname-override", "node-1", "--lock-file", node.lockPath, "--iptables-min-sync-period", "0s"]
            + ["--owner-lock-file", folder.path + "/owner.lock"] + arguments
    }

    /// Asks the program to end, and expects that it does in time.
    private func expectEnd(_ program: BackgroundProcess, after signal: Int32 = SIGTERM) throws {
        let start = ContinuousClock.now
        program.signal(signal)
        #expect(try program.wait() == 0)
        let time = ContinuousClock.now - start
        #expect(time < Self.limit, "\(program.errors)")
    }

    private func nat() throws -> String { try node.run("iptables-legacy-save", "-t", "nat") }

    private func eventually(_ what: Comment, limit: Duration = .seconds(15), _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            try #require(ContinuousClock.now < deadline, what)
            usleep(2000)
        }
    }

    // MARK: The first line of main

    /// Whether the process is this program and handles SIGHUP, as its first line lets it.
    private func hasBegun(_ program: BackgroundProcess) -> Bool {
        let executable = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(program.identifier)/exe")
        guard executable?.hasSuffix("/kubetables") == true else { return false }
        let status = (try? String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)) ?? ""
        return status.split(separator: "\n").contains { line in
            let parts = line.split(whereSeparator: \.isWhitespace)
            return parts.count == 2 && parts[0] == "SigCgt:" && UInt64(parts[1], radix: 16).map { $0 & 1 == 1 } ?? false
        }
    }

    @Test("SIGHUP early in the start reloads, and does not end the program", arguments: [0, 20, 50, 100, 200, 500])
    func earlyReload(milliseconds: UInt32) throws {
        let program = try node.start(command(manifests))
        try eventually("begins") { hasBegun(program) }
        usleep(milliseconds * 1000)
        program.signal(SIGHUP)
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "configuration reloaded")
        try expectEnd(program)
    }

    @Test(
        "SIGTERM and SIGINT early in the start end it", arguments: [SIGTERM, SIGINT],
        [0, 20, 50, 100, 200, 500] as [UInt32])
    func earlyEnd(signal: Int32, milliseconds: UInt32) throws {
        let program = try node.start(command(manifests))
        try eventually("begins") { hasBegun(program) }
        usleep(milliseconds * 1000)
        try expectEnd(program, after: signal)
    }

    @Test("SIGTERM ends other commands as it ends any program, also early in their start", arguments: [0, 500])
    func otherCommands(milliseconds: UInt32) throws {
        let fifo = folder.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        let program = try node.start([Repository.tool, "compile", "-f", fifo])
        try eventually("begins") { hasBegun(program) }
        usleep(milliseconds * 1000)
        program.signal(SIGTERM)
        #expect(try program.wait() == 128 + SIGTERM)
    }

    @Test("a signal that other commands were started to ignore stays ignored")
    func ignored() throws {
        let fifo = folder.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        let program = try node.start(["nohup", Repository.tool, "compile", "-f", fifo])
        try eventually("begins") { hasBegun(program) }
        for milliseconds in [0, 500] as [UInt32] {
            usleep(milliseconds * 1000)
            program.signal(SIGHUP)
        }
        usleep(100_000)
        program.signal(SIGTERM)
        #expect(try program.wait() == 128 + SIGTERM)
    }

    // MARK: Waits

    @Test("SIGTERM ends it while it waits for the xtables lock")
    func lock() throws {
        let holder = try node.start(["flock", node.lockPath, "sleep", "60"])
        try eventually("holds the lock") { FileManager.default.fileExists(atPath: node.lockPath) }
        usleep(200_000)
        let program = try node.start(command(manifests, ["--lock-wait", "600"]))
        try program.waitForErrors(containing: "started:")
        usleep(200_000)
        try expectEnd(program)
        #expect(program.errors.hasSuffix("info stopped; the rules stay as they are\n"), "\(program.errors)")
        #expect(!program.errors.contains(" error "), "\(program.errors)")
        holder.signal(SIGKILL)
    }

    @Test("SIGTERM ends it while an API server says nothing after the connection is made")
    func silentServer() throws {
        let server = try node.start(["socat", "-u", "TCP-LISTEN:6443,fork,reuseaddr", "OPEN:/dev/null"])
        try eventually("listens") { try node.run("ss", "-tln").contains(":6443") }
        let program = try node.start(command(["--master", "https://127.0.0.1:6443"]))
        try program.waitForErrors(containing: "starting:")
        try eventually("is connected") { try node.run("ss", "-tn").contains(":6443") }
        try expectEnd(program)
        server.signal(SIGTERM)
    }

    @Test("SIGTERM ends it while nft hangs, and nft with it")
    func hangingProgram() throws {
        try folder.write("bin/nft", "#!/bin/sh\necho $$ >'\(folder.path)/number'; exec sleep 600\n", mode: 0o700)
        let program = try node.start(
            ["env", "PATH=\(folder.path)/bin:/usr/sbin:/usr/bin:/sbin:/bin"] + command(manifests))
        try eventually("nft runs") { FileManager.default.fileExists(atPath: folder.path + "/number") }
        try expectEnd(program)
        let number = try folder.read("number").trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(number)"))
    }

    @Test("a configuration that is a named pipe is refused at once")
    func silentConfiguration() throws {
        let fifo = folder.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        let result = try node.attempt(command(manifests, ["--config", fifo]))
        #expect(result.status == 65, "\(result.errors)")
    }

    // MARK: The lock

    @Test("a FIFO or a device as lock file is refused at once", arguments: ["apply", "run"])
    func lockFile(command name: String) throws {
        let fifo = folder.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        for path in [fifo, "/dev/null"] {
            let arguments =
                name == "run" ? command(manifests) : [Repository.tool, name, "-f", folder.path + "/manifests"]
            let result = try node.attempt(arguments + ["--lock-file", path])
            #expect(result.status == 77)
            #expect(
                result.errors.contains("the lock \(path) cannot be used: it is not a regular file"), "\(result.errors)")
        }
    }

    @Test("a lock that is busy for 7 s costs less than 10 s, and its holder is named")
    func busyLock() throws {
        let program = try node.start(command(manifests))
        try program.waitForErrors(containing: "start: IPv6")
        let holder = try node.start(["flock", node.lockPath, "sleep", "7"])
        usleep(300_000)
        let time = try ContinuousClock().measure {
            try write(endpoint: 2)
            try eventually("is in force", limit: .seconds(40)) { program.errors.contains("info retry: ") }
        }
        #expect(time < .seconds(10))
        #expect(try nat().contains("--to-destination 10.244.0.2:8080"))
        #expect(
            program.errors.contains("; flock (process \(holder.identifier)) holds it: try again"), "\(program.errors)")
        #expect(program.errors.contains("next attempt in 1.0 seconds"))
        try expectEnd(program)
    }

    // MARK: The log

    /// `F_SETPIPE_SZ` (include/uapi/linux/fcntl.h), which is not imported.
    private static let setPipeSize: Int32 = 1031

    @Test("a log that nobody reads does not stop the loop, nor the end of it")
    func stalledReader() throws {
        let fifo = folder.path + "/log"
        try #require(mkfifo(fifo, 0o600) == 0)
        // Read and write: neither side waits for the other to open it.
        let reader = open(fifo, O_RDWR | O_CLOEXEC)
        defer { close(reader) }
        try #require(fcntl(reader, Self.setPipeSize, 4096) == 4096)
        let program = try node.start(
            ["bash", "-c", "exec \"$0\" \"$@\" 2>'\(fifo)'"] + command(manifests, ["-v", "4"]))
        // Each change is a line or more of some 300 bytes.
        for endpoint in 1...40 {
            try write(endpoint: endpoint)
            try eventually("follows change \(endpoint)") {
                try nat().contains("--to-destination 10.244.0.\(endpoint):8080")
            }
        }
        let metrics = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10249/metrics")
        #expect(metrics.contains("\nkubetables_log_lines_dropped_total 0\n"))
        var waiting: Int32 = 0
        try #require(ioctl(reader, UInt(FIONREAD), &waiting) == 0)
        #expect(waiting > 3000, "the pipe is full")
        try expectEnd(program)
    }
}
