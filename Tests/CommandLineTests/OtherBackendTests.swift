// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import TestSupport
import Testing

/// Rules of Kubernetes in nf_tables, where iptables-nft puts them, act alongside ours: that must be reported.
@Suite(.needsKernel) struct OtherBackendTests {
    private let node = try? NetworkNamespace()

    private func namespace() throws -> NetworkNamespace { try #require(node, "no network namespace could be made") }

    /// The warnings about nf_tables in a family, of the commands that read the kernel.
    private func warnings(_ family: IPFamily, _ command: String = "plan") throws -> [Substring] {
        let result = try namespace().attempt(
            [Repository.tool, command, "-f", "-", "--ip-family", family.rawValue],
            input: "{apiVersion: v1, kind: List, items: []}")
        #expect(result.status == (command == "plan" ? 2 : 0), "\(result)")
        return result.errors.split(separator: "\n").filter { $0.contains("nf_tables") }
    }

    private func tool(_ family: IPFamily) -> String { family == .ipv4 ? "iptables-nft" : "ip6tables-nft" }

    @Test(arguments: IPFamily.allCases) func chainsOfKubernetesInNFTablesAreWarnedOf(family: IPFamily) throws {
        let node = try namespace()
        for family in IPFamily.allCases { #expect(try warnings(family).isEmpty) }

        try node.run(tool(family), "-t", "nat", "-N", "KUBE-SERVICES")
        let expected = """
            warning: \(family.kubernetesName): nf_tables has kube-proxy chains as well (KUBE-SERVICES), \
            and both sets of rules act on every packet; if another proxy left them behind, remove them with \
            \(tool(family))
            """
        #expect(try warnings(family).map(String.init) == [expected])
        for other in IPFamily.allCases where other != family { #expect(try warnings(other).isEmpty) }

        // The same name in another table is reported once; of many only the first are named.
        try node.run(tool(family), "-N", "KUBE-SERVICES")
        for chain in ["KUBE-FORWARD", "KUBE-NODEPORTS", "KUBE-SVC-A"] { try node.run(tool(family), "-N", chain) }
        let many = try warnings(family, "apply")
        #expect(many.count == 1)
        #expect(many.first?.contains("(KUBE-FORWARD, KUBE-NODEPORTS, KUBE-SERVICES and 1 more)") == true, "\(many)")

        // Nothing was changed.
        #expect(try node.run("nft", "list", "chains").components(separatedBy: "chain KUBE-").count == 6)
        try node.run("nft", "flush", "ruleset")
        #expect(try warnings(family, "apply").isEmpty)
    }

    /// An `nft` that hangs holds up no commit for longer than it may run: 2 s.
    @Test func listingThatHangsIsCutOff() throws {
        let folder = try TemporaryFolder()
        try folder.write("nft", "#!/bin/sh\necho $$ >'\(folder.path)/number'; exec sleep 600\n", mode: 0o700)
        let clock = ContinuousClock()
        let start = clock.now
        let result = try namespace().attempt(
            [
                "env", "PATH=\(folder.path):/usr/sbin:/usr/bin:/sbin:/bin", Repository.tool, "apply", "--allow-empty",
                "-f", "-",
            ]
                + ["--ip-family", "ipv4", "--lock-file", try namespace().lockPath])
        #expect(clock.now - start < .seconds(20))
        #expect(result.status == 0, "\(result)")
        #expect(
            result.errors.contains(
                "warning: IPv4: cannot check nf_tables for kube-proxy chains: nft did not finish within 2 s\n"),
            "\(result)")
        let number = try folder.read("number").trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(number)"))
    }

    /// What is in nf_tables without being kube-proxy's of the iptables mode: other programs, kubelets, its nftables mode.
    @Test(arguments: IPFamily.allCases) func otherChainsInNFTablesAreNot(family: IPFamily) throws {
        let node = try namespace()
        let name = family == .ipv4 ? "ip" : "ip6"
        let table = "table \(name) kube-proxy { chain services { }; chain NOT-KUBE-SERVICES { }; }\n"
        try node.run("nft", "-f", "-", input: table)
        for chain in ["DOCKER-USER", "KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT", "KUBE-FIREWALL"] {
            try node.run(tool(family), "-N", chain)
        }
        #expect(try warnings(family).isEmpty)
    }
}
