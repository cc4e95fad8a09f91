// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import TestSupport
import Testing
import XTables

/// Properties that hold for every cluster, tried on clusters drawn at random.
@Suite struct RandomClusterTests {
    private func compile(
        _ cluster: RandomCluster, _ family: IPFamily, order: UInt64 = 0, format: RulesetTextFormat = .save
    ) throws -> String {
        let command = [
            Repository.tool, "compile", "-f", "-", "--ip-family", family.rawValue, "--format", format.rawValue,
        ]
        return try Subprocess.check(command + cluster.options, input: cluster.text(order: order))
    }

    @Test(arguments: 0..<25, IPFamily.allCases)
    func theOrderOfDocumentsDoesNotMatter(seed: Int, family: IPFamily) throws {
        let cluster = try RandomCluster(seed: seed)
        let text = try compile(cluster, family)
        #expect(try compile(cluster, family, order: 1) == text)
        #expect(try compile(cluster, family, order: 2) == text)
        #expect(try Ruleset(saveText: text, family: family).text() == text)
    }

    /// A → B → A with rules of others among ours: the kernel holds what compile prints, and theirs are untouched.
    @Test(.needsKernel, arguments: 0..<8, IPFamily.allCases)
    func theKernelFollowsFromClusterToCluster(seed: Int, family: IPFamily) throws {
        let node = try NetworkNamespace()
        let tool = family == .ipv4 ? "iptables-legacy" : "ip6tables-legacy"
        try node.run("\(tool)-restore", input: Self.foreignRules)
        let foreign = try foreignLines(node.run("\(tool)-save"))
        let states = try [RandomCluster(seed: seed), RandomCluster(seed: seed + 1000), RandomCluster(seed: seed)]
        for state in states {
            let apply = ["--ip-family", family.rawValue, "-f", "-"] + state.options
            _ = try node.attempt([tool, "-F", "KUBE-FIREWALL"])  // kubelet's too: its rule would stay
            let applied = try node.attempt(
                [Repository.tool, "apply", "--prune", "--allow-empty"] + apply, input: state.text())
            try #require(applied.status == 0, "\(applied.errors)")

            let saved = SaveText.withoutCounters(try node.run("\(tool)-save"))
            #expect(foreignLines(saved) == foreign)
            let ours = saved.split(separator: "\n").filter { !Self.isForeign($0) }.joined(separator: "\n")
            let wanted = try compile(state, family).split(separator: "\n").joined(separator: "\n")
            let difference = SaveText.difference(wanted, ours)
            #expect(difference.isEmpty, "compiled (-), kernel (+):\n\(difference)")

            let plan = try node.attempt([Repository.tool, "plan"] + apply, input: state.text())
            #expect(plan.status == 0, "\(plan.output)")
        }
    }

    @Test(.needsKernel, arguments: 0..<6, IPFamily.allCases)
    func iptablesAcceptsTheRestoreFormatAndMakesTheSameOfIt(seed: Int, family: IPFamily) throws {
        let node = try NetworkNamespace()
        let tool = family == .ipv4 ? "iptables-legacy" : "ip6tables-legacy"
        let cluster = try RandomCluster(seed: seed)
        let restore = try compile(cluster, family, format: .restore)
        try node.run(tool, "-t", "nat", "-S")  // iptables-save prints the table first that was used last
        try node.run("\(tool)-restore", "--test", "--noflush", input: restore)
        try node.run("\(tool)-restore", "--noflush", input: restore)
        let saved = SaveText.withoutCounters(try node.run("\(tool)-save"))
        let difference = SaveText.difference(try compile(cluster, family), saved)
        #expect(difference.isEmpty, "compiled (-), kernel (+):\n\(difference)")
    }

    /// Rules of others, some with matches kubetables does not know; each line of them has FOREIGN in it.
    private static let foreignRules = """
        *nat
        :FOREIGN-A - [0:0]
        -A PREROUTING -m comment --comment FOREIGN-1 -j FOREIGN-A
        -A POSTROUTING -m limit --limit 3/min -m comment --comment FOREIGN-2 -j RETURN
        -A FOREIGN-A -p tcp -m multiport --dports 22,80 -j RETURN
        COMMIT
        *filter
        :FOREIGN-B - [0:0]
        -A INPUT -m hashlimit --hashlimit-upto 5/sec --hashlimit-name FOREIGN -j ACCEPT
        -A FORWARD -j FOREIGN-B
        -A FOREIGN-B -m u32 --u32 "0x0=0x1" -j DROP
        COMMIT

        """

    private static func isForeign(_ line: Substring) -> Bool { line.contains("FOREIGN") }

    private func foreignLines(_ text: String) -> [Substring] { text.split(separator: "\n").filter(Self.isForeign) }
}
