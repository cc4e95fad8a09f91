// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Above 1,000 endpoints the rules of endpoints have no comments: what is printed about them names their Service anyway.
@Suite("In a cluster with more than 1,000 endpoints", .needsKernel) struct LargeClusterTests {
    private let node = try? NetworkNamespace()
    private let fixture = Fixture(folder: Repository.fixtures.appending(path: "parity/95-threshold-1001-endpoints"))

    private func tool(_ command: String, _ further: String...) throws -> ProcessResult {
        let node = try #require(node, "no network namespace could be made")
        return try node.attempt([Repository.tool, command, "-f", fixture.objects] + fixture.options + further)
    }

    /// The chain of an endpoint, its Service and the address that it leads to, from the expected rules.
    private func endpoint() throws -> (chain: String, address: String) {
        let rule = try fixture.expected.firstMatch(of: /-A (KUBE-SEP-[A-Z0-9]{16}) .*--to-destination ([0-9.:]+)/)
        let match = try #require(rule)
        return (String(match.1), String(match.2))
    }

    @Test("plan and verify name the Service of a rule that is missing, of one that is unexpected, and of a chain")
    func services() throws {
        let node = try #require(node, "no network namespace could be made")
        try #require(try tool("apply").status == 0)
        let (chain, address) = try endpoint()
        let service = /[a-z0-9-]+\/[a-z0-9-]+(?::[a-z0-9-]+)?/
        try node.run("iptables-legacy", "-t", "nat", "-D", chain, "1")
        try node.run("iptables-legacy", "-t", "nat", "-I", chain, "1", "-m", "limit", "-j", "RETURN")

        let plan = try tool("plan", "--rules")
        #expect(plan.status == 2)
        let head = try #require(plan.output.firstMatch(of: #/\n {4}nat (KUBE-SEP-\w+) {2}(\S+) -> (\S+)\n/#))
        #expect(head.1 == chain)
        #expect(head.3 == address)
        #expect(String(head.2).wholeMatch(of: service) != nil)

        let drift = try tool("verify", "--rules")
        #expect(drift.status == 2)
        let lines = drift.output.split(separator: "\n")
        for word in ["missing", "unexpected"] {
            #expect(lines.contains { $0.hasPrefix("      \(word): -A \(chain) ") }, "\(drift.output)")
        }
        #expect(lines.contains("    nat \(chain)  \(head.2) -> \(address)"), "\(drift.output)")
        #expect(lines.contains { $0.hasPrefix("  ~ \(head.2)  1 rule missing, 1 rule unexpected") }, "\(drift.output)")

        let json = try tool("plan", "--output", "json")
        #expect(json.output.contains("\"origin\" : \"\(head.2) -> \(address)\""))
    }
}
