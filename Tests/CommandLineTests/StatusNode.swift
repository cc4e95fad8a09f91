// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// A node that `kubetables run` serves in a namespace of its own, and what it answers over HTTP.
final class StatusNode {
    /// An answer as it came over the wire.
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: String

        /// The body as JSON; `nil` if it is none.
        var json: [String: Any]? {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any]
        }
    }

    static let name = "node-1"

    let namespace: NetworkNamespace
    let directory: URL
    private(set) var program: BackgroundProcess?

    init() throws {
        namespace = try NetworkNamespace()
        directory = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Writes a file of manifests.
    func write(_ text: String, to name: String = "objects.yaml") throws {
        try Data(text.utf8).write(to: directory.appending(path: name))
    }

    /// Starts the program on the directory of manifests, and waits until the rules of IPv4 are in force.
    ///
    /// - Parameter openFiles: the limit of descriptors; `nil` for that of this process.
    @discardableResult
    func start(
        _ arguments: [String] = [], openFiles: Int? = nil, limit: Duration = .seconds(15)
    ) throws -> BackgroundProcess {
        try start(source: ["--manifests", directory.path], arguments, openFiles: openFiles, limit: limit)
    }

    /// Starts the program on any source.
    @discardableResult
    func start(
        source: [String], _ arguments: [String] = [], openFiles: Int? = nil, limit: Duration = .seconds(15)
    ) throws -> BackgroundProcess {
        let shell = openFiles.map { ["bash", "-c", "ulimit -n \($0); exec \"$0\" \"$@\""] } ?? []
        let program = try namespace.start(
            shell + [Repository.tool, "run"] + source
                + ["--hostname-override", Self.name, "--node-ip", "192.168.50.10"]
                + ["--lock-file", namespace.lockPath]
                + ["--iptables-min-sync-period", "0s", "--iptables-sync-period", "500ms"] + arguments)
        self.program = program
        try program.waitForErrors(containing: "start: IPv4 filter", limit: limit)
        return program
    }

    /// Asks once; `nil` if nobody answers.
    func get(_ address: String, _ options: String...) throws -> Answer? {
        let result = try namespace.attempt(["curl", "-sS", "-i", "--max-time", "10"] + options + ["http://\(address)"])
        guard result.status == 0 else { return nil }
        let text = result.output.replacing("\r\n", with: "\n")
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts[0].split(separator: "\n")
        let headers = head.dropFirst().map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
        return Answer(
            status: Int(head[0].split(separator: " ")[1]) ?? 0,
            headers: Dictionary(
                headers.map { ($0[0].lowercased(), $0[1].trimmingCharacters(in: .whitespaces)) },
                uniquingKeysWith: { $1 }),
            body: parts.count > 1 ? String(parts[1]) : "")
    }

    /// Waits until something holds, up to a limit.
    func eventually(_ what: Comment, limit: Duration = .seconds(15), _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            if ContinuousClock.now >= deadline { Issue.record("\(program?.errors ?? "")") }
            try #require(ContinuousClock.now < deadline, what)
            usleep(10_000)
        }
    }
}
