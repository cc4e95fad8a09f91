// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTables
import NetworkTypes
import TestSupport
import Testing

/// What only a kernel can show, in namespaces made for it.
@Suite("The kernel's tables", .needsKernel)
struct KernelTests {
    /// The path of the program that calls libiptc, which lies beside the tests.
    private static let probe = Repository.products.appending(path: "kernel-tables-probe").path

    /// Runs it inside a namespace, however it ends.
    private func probe(_ namespace: NetworkNamespace, _ arguments: String...) throws -> ProcessResult {
        try namespace.attempt([Self.probe] + arguments)
    }

    @Test("behave as the store in memory does", arguments: IPFamily.allCases)
    func suite(family: IPFamily) throws {
        let namespace = try NetworkNamespace()
        let result = try probe(namespace, "suite", family.rawValue)
        #expect(result.status == 0, "\(result)")
    }

    @Test("get from us the bytes they get from iptables", arguments: IPFamily.allCases)
    func bytes(family: IPFamily) throws {
        let namespace = try NetworkNamespace()
        let result = try probe(namespace, "bytes", family.rawValue)
        #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result)")
    }

    /// Rules of others, with matches we do not know, and with counters.
    private static let foreign = """
        *nat
        :PREROUTING ACCEPT [0:0]
        :INPUT ACCEPT [0:0]
        :OUTPUT ACCEPT [0:0]
        :POSTROUTING ACCEPT [0:0]
        :DOCKER - [0:0]
        :ZZZ - [0:0]
        [7:700] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        [8:800] -A OUTPUT -p tcp -m multiport --dports 80,443,8000:8100 -j DOCKER
        [9:900] -A DOCKER -m limit --limit 3/min --limit-burst 7 -j RETURN
        [10:1000] -A ZZZ -s 10.0.0.0/8 -o eth9 -g DOCKER
        COMMIT
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD DROP [0:0]
        :OUTPUT ACCEPT [0:0]
        :MINE - [0:0]
        [11:1100] -A INPUT -m u32 --u32 "0x0>>0x1c=0x4" -j MINE
        [12:1200] -A INPUT -p tcp -m string --string "needle" --algo bm --to 65535 -j DROP
        [13:1300] -A FORWARD -m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name x -j ACCEPT
        [14:1400] -A MINE -p icmp -m icmp --icmp-type 8 -m comment --comment "with \\"quotes\\"" -j LOG --log-prefix "x "
        COMMIT

        """

    @Test("keep foreign rules, bytes and counters, through apply and cleanup")
    func foreign() throws {
        let namespace = try NetworkNamespace()
        try namespace.run("iptables-legacy-restore", "--counters", input: Self.foreign)
        let before = try saved(namespace)
        for state in ["0", "1", "0"] {
            let applied = try probe(namespace, "apply", "ipv4", namespace.lockPath, state)
            #expect(applied.output == "changed\n")
            let during = try saved(namespace)
            #expect(before.filter { !$0.hasPrefix(":") }.allSatisfy(during.contains), "\(during)")
        }
        #expect(try probe(namespace, "cleanup", "ipv4", namespace.lockPath).status == 0)
        // KUBE-FIREWALL is the kubelet's as well.
        #expect(try saved(namespace).filter { !$0.contains("KUBE-FIREWALL") } == before)
    }

    @Test("keep the counters of rules that do not change")
    func counters() throws {
        let namespace = try NetworkNamespace()
        #expect(try probe(namespace, "apply", "ipv4", namespace.lockPath, "0").status == 0)
        let text = try namespace.run("iptables-legacy-save")
        // Counters of their own for every rule: the number of its line.
        let counted = text.split(separator: "\n").enumerated()
            .map { $0.element.hasPrefix("-A") ? "[\($0.offset):\($0.offset * 10)] \($0.element)" : "\($0.element)" }
        try namespace.run("iptables-legacy-restore", "--counters", input: counted.joined(separator: "\n") + "\n")
        let before = Set(try saved(namespace))
        #expect(try probe(namespace, "apply", "ipv4", namespace.lockPath, "0").output == "unchanged\n")
        #expect(Set(try saved(namespace)) == before)
        #expect(try probe(namespace, "apply", "ipv4", namespace.lockPath, "1").output == "changed\n")
        let after = try saved(namespace)
        let bare = { (line: String) in line.drop { $0 != "]" } }
        let rulesBefore = Set(before.map(bare))
        for line in after where line.hasPrefix("[") && rulesBefore.contains(bare(line)) {
            #expect(before.contains(line), "this rule lost its counters: \(line)")
        }
    }

    @Test("hold the old rules or the new ones, whenever we are killed")
    func killed() throws {
        let namespace = try NetworkNamespace()
        let rounds = Int(ProcessInfo.processInfo.environment["KUBETABLES_KILLS"] ?? "") ?? 200
        for round in 0..<rounds {
            let process = try namespace.start([Self.probe, "churn", "ipv4", namespace.lockPath])
            usleep(UInt32.random(in: 1_000...60_000))
            process.signal(SIGKILL)
            _ = try process.wait()
            let settled = try probe(namespace, "settled", "ipv4")
            #expect(settled.status == 0, "round \(round): \(settled)")
        }
        #expect(try probe(namespace, "apply", "ipv4", namespace.lockPath, "1").status == 0)
    }

    @Test("lose nothing while iptables -w writes to them as well")
    func race() async throws {
        let namespace = try NetworkNamespace()
        let rounds = Int(ProcessInfo.processInfo.environment["KUBETABLES_RACES"] ?? "") ?? 200
        async let writer = Task.detached { () -> Int in
            var failures = 0
            for number in 0..<rounds {
                let table = number % 2 == 0 ? "nat" : "filter"
                let append = ["iptables-legacy", "-w", "-t", table, "-A", "OUTPUT"]
                let result = try namespace.attempt(append + ["-m", "comment", "--comment", "n\(number)"])
                if result.status != 0 { failures += 1 }
            }
            return failures
        }.value
        let result = try probe(namespace, "race", "ipv4", namespace.lockPath, "\(rounds)")
        #expect(result.status == 0, "\(result)")
        #expect(try await writer == 0)
        let lines = try saved(namespace)
        for number in 0..<rounds {
            #expect(lines.contains { $0.hasSuffix("-m comment --comment n\(number)") }, "rule n\(number) is lost")
        }
    }

    /// What iptables-save prints with counters, without the lines that tell the time.
    private func saved(_ namespace: NetworkNamespace) throws -> [String] {
        try namespace.run("iptables-legacy-save", "--counters").split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }
}
