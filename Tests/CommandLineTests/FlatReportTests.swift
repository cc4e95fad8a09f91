// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What reports have about rules in the flat layout.
@Suite("Reports about flat rules") struct FlatReportTests {
    private static let objects = Repository.fixtures.appending(path: "walkthrough/affinity/objects.yaml").path

    private func report(_ arguments: String...) throws -> String {
        try Subprocess.check(
            [Repository.tool] + arguments + ["-f", Self.objects, "--rule-layout", "flat", "--node-ip", "192.168.50.10"])
    }

    @Test("name the hash that keeps clients at an endpoint")
    func affinity() throws {
        let explanation = try report("explain", "default/myapp")
        #expect(explanation.contains("a hash of the client's address chooses the endpoint"))
        #expect(!explanation.contains("10800"))
        #expect(try report("get", "services", "-o", "json").contains("\"sessionAffinityMode\":\"hash\""))
        let trace = try report("trace", "--from", "192.168.50.20", "--to", "192.168.50.10:30080")
        #expect(trace.contains("this client always gets 10.244."))
        #expect(trace.components(separatedBy: "=> ").count == 2, "one endpoint, whatever chance")
    }
}
