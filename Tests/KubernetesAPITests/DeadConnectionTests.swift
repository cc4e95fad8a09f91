// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Needs a kernel, since it is the kernel that notices.
@Suite(.needsKernel)
struct DeadConnectionTests {
    private static let objects = """
        {"kind":"List","apiVersion":"v1","items":[
         {"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}},
         {"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"default"},
          "spec":{"clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"ports":[{"port":80,"protocol":"TCP"}]}},
         \(slice("10.244.0.1"))]}
        """

    private static func slice(_ address: String) -> String {
        """
        {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","addressType":"IPv4",
         "metadata":{"name":"web-1","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},
         "ports":[{"port":8080,"protocol":"TCP","name":""}],"endpoints":[{"addresses":["\(address)"]}]}
        """
    }

    @Test("connections that died without a word are noticed within 45 seconds")
    func deadConnections() async throws {
        let namespace = try NetworkNamespace()
        let folder = try TemporaryFolder()
        let objects = try folder.write("objects.json", Self.objects)
        let products = Repository.products
        let server = try namespace.start([
            products.appending(path: "test-api-server").path, "--listen", "127.0.0.1:6443", "--objects", objects,
            "--bookmarks", "3600",
        ])
        try await eventually("the server listens") { !server.output.isEmpty }
        let program = try namespace.start([
            Repository.tool, "run", "--master", "http://127.0.0.1:6443", "--hostname-override", "n1", "--ip-family",
            "ipv4", "--lock-file", namespace.lockPath, "--healthz-bind-address", "", "--metrics-bind-address", "",
        ])
        @Sendable func rules() throws -> String { try namespace.run("iptables-legacy-save", "-t", "nat") }
        try await eventually("the rules are in force") { try rules().contains("10.244.0.1:8080") }
        @Sendable func watches() throws -> [Substring] {
            try namespace.run("ss", "-Htn", "state", "established", "dport", "=", ":6443").split(separator: "\n")
                .compactMap { $0.split(separator: " ").dropFirst(2).first?.split(separator: ":").last }
        }
        try await eventually("three watches run") { try watches().count == 3 }
        for port in try watches() {
            for (from, to) in [("6443", port), (port, "6443")] {
                try namespace.run(
                    "iptables-legacy", "-I", "INPUT", "-p", "tcp", "--sport", "\(from)", "--dport", "\(to)", "-j",
                    "DROP")
            }
        }
        let start = ContinuousClock.now
        try namespace.run(
            "curl", "-sf", "-X", "PUT", "--data", Self.slice("10.244.0.2"), "http://127.0.0.1:6443/control/objects")
        try await eventually("noticed", within: .seconds(45)) { program.errors.contains("the connection broke") }
        print("dead connections were noticed after \(ContinuousClock.now - start)")
        try await eventually("the change is in force", within: .seconds(10)) {
            try rules().contains("10.244.0.2:8080")
        }
        for process in [program, server] {
            process.signal(SIGTERM)
            _ = try process.wait()
        }
    }
}
