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
        let result = try namespace().attempt([Repository.tool, command, "-f", "-", "--ip-family", family.rawValue])
        #expect(result.status == (command == "plan" ? 2 : 0), "\(result)")
        return result.errors.split(separator: "\n").filter { $0.contains("nf_tables") }
    }

    private func tool(_ family: IPFamily) -> String { family == .ipv4 ? "iptables-nft" : "ip6tables-nft" }

    @Test(arguments: IPFamily.allCases) func chainsOfKubernetesInNFTablesAreWarnedOf(family: IPFamily) throws {
        let node = try namespace()
        for family in IPFamily.allCases { #expect(try warnings(family).isEmpty) }

        try node.run(tool(family), "-t", "nat", "-N", "KUBE-SERVICES")
        let expected = """
            warning: \(family.kubernetesName): nf_tables has chains of a kube-proxy too (KUBE-SERVICES), and both act on \
            every packet; if they are left over from another proxy, remove them with \(tool(family))
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
