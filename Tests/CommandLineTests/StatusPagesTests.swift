// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Who may see the pages of the real program where it serves them to the network.
@Suite(.needsKernel) struct StatusPagesTests {
    @Test func onlyTheNodeItselfSeesRulesAndPlan() throws {
        let lab = try Lab(pods: ["pod-1=10.244.1.11"])
        let folder = try TemporaryFolder()
        try folder.write("manifests/objects.yaml", "{apiVersion: v1, kind: Node, metadata: {name: node-1}}\n")
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + ["--lock-file", "\(folder.path)/lock", "--metrics-bind-address", "0.0.0.0:10249"])
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "start: IPv6")
        func statuses(_ host: String) throws -> [String] {
            try ["metrics", "rules", "plan"].map { page in
                try lab.run(
                    host, ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://192.168.50.10:10249/\(page)"])
            }
        }
        #expect(try statuses("client") == ["200", "403", "403"])
        #expect(try statuses("node") == ["200", "200", "200"])
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }
}
