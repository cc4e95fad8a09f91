// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import TestSupport
import Testing

@testable import Host

@Suite("A host, by its files") struct LinuxHostTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var host: LinuxHost { LinuxHost(root: folder.path) }

    private func write(_ text: String, to path: String) throws { try folder.write(path, text) }

    @Test("full lists of recent addresses are found, and no others")
    func recentLists() throws {
        #expect(host.recentListCapacity == 100)
        #expect(host.fullRecentLists.isEmpty)
        for (name, count) in [("KUBE-SEP-FULL", 3), ("KUBE-SEP-TWO", 2), ("KUBE-SEP-EMPTY", 0), ("ALL", 4)] {
            let lines = String(repeating: "src=10.0.0.1 ttl: 64 last_seen: 1 oldest_pkt: 1 1\n", count: count)
            try write(lines, to: "proc/thread-self/net/xt_recent/\(name)")
        }
        try write("3\n", to: "sys/module/xt_recent/parameters/ip_list_tot")
        #expect(host.recentListCapacity == 3)
        #expect(host.fullRecentLists == ["ALL", "KUBE-SEP-FULL"])
    }

    @Test("conntrack is liberal if the kernel has it so, and not if that is unknown")
    func liberalConntrack() throws {
        let path = "proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal"
        #expect(!host.conntrackIsLiberal)
        for (text, isLiberal) in [("0\n", false), ("1\n", true), ("", false)] {
            try write(text, to: path)
            #expect(host.conntrackIsLiberal == isLiberal, "\(text)")
        }
    }

    @Test("matches of the kernel are found, others are not", .needsKernel)
    func kernelMatches() {
        #expect(KernelMatch(name: "tcp", revision: 0).isAvailable == true)
        #expect(KernelMatch(name: "tcp", revision: 9).isAvailable == false)
        #expect(KernelMatch(name: "no-such-match", revision: 0).isAvailable == false)
    }

    @Test("chains in nf_tables are read with their tables")
    func nftablesChains() {
        let listing = """
            table ip nat {
            \tchain PREROUTING {
            \t\ttype nat hook prerouting priority dstnat; policy accept;
            \t}
            \tchain KUBE-SERVICES {
            \t}
            }
            table ip filter {
            \tchain KUBE-SERVICES {
            \t}
            }
            """
        #expect(
            LinuxHost.nftablesChains(in: listing) == [
                NFTablesChain(table: "nat", name: "PREROUTING"), NFTablesChain(table: "nat", name: "KUBE-SERVICES"),
                NFTablesChain(table: "filter", name: "KUBE-SERVICES"),
            ])
        #expect(LinuxHost.nftablesChains(in: "").isEmpty)
    }
}
