// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A node, an outside client and pods in network namespaces of their own, as scripts/lab makes them; removed with the
/// last reference.
public final class Lab: Sendable {
    /// What scripts/lab knows it by.
    public let prefix = "kt-\(UUID().uuidString.prefix(6).lowercased())"
    private static let script = Repository.root.appending(path: "scripts/lab").path

    /// Makes the network.
    ///
    /// - Parameter pods: each as `NAME=ADDRESS`, an IPv4 address; scripts/lab tells which IPv6 address comes with it.
    public init(pods: [String]) throws {
        try Subprocess.check([Self.script, "up", prefix] + pods)
    }

    deinit { _ = try? Subprocess.run([Self.script, "down", prefix]) }

    /// Lets a pod answer with its name: `tcp` as HTTP, `udp` as a datagram.
    public func serve(_ pod: String, port: Int, transport: String = "tcp") throws {
        try Subprocess.check([Self.script, "serve", prefix, pod, transport, "\(port)"])
    }

    /// Runs a program on a host (`node`, `client` or a pod) that must succeed, and gives back what it printed.
    @discardableResult
    public func run(_ host: String, _ command: [String], input: String = "") throws -> String {
        try Subprocess.check([Self.script, "exec", prefix, host] + command, input: input)
    }

    /// Runs a program on a host, however it ends.
    public func attempt(_ host: String, _ command: [String], input: String = "") throws -> ProcessResult {
        try Subprocess.run([Self.script, "exec", prefix, host] + command, input: input)
    }

    /// Starts a program on a host and does not wait for it.
    public func start(_ host: String, _ command: [String]) throws -> BackgroundProcess {
        try BackgroundProcess([Self.script, "exec", prefix, host] + command)
    }

    /// What so many connections from a host, one after the other, got as answers, by answer.
    ///
    /// - Parameter address: `ADDRESS:PORT`, an IPv6 address in brackets.
    public func ask(_ host: String, _ address: String, count: Int) throws -> [String: Int] {
        let result = try attempt(host, ["curl", "-s", "--max-time", "5", "http://\(address)/?[1-\(count)]"])
        return Dictionary(result.output.split(separator: "\n").map { (String($0), 1) }, uniquingKeysWith: +)
    }
}
