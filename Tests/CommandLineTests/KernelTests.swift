// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The commands that write to a kernel, compared with what iptables-legacy then prints, in a namespace of the test's own.
@Suite(.needsKernel) struct KernelTests {
    private let node = try? NetworkNamespace()

    private func namespace() throws -> NetworkNamespace { try #require(node, "no network namespace could be made") }

    /// Measured cases one after the other in one namespace: each must be reached from the one before.
    @Test(arguments: ["ipv4", "ipv6"])
    func theKernelHoldsWhatCompilePrints(family: String) throws {
        let node = try namespace()
        let save = family == "ipv4" ? "iptables-legacy-save" : "ip6tables-legacy-save"
        let fixtures = try (Fixture.goldens + Fixture.measured).filter { fixture in
            // An accounting object must exist before a rule can count at it.
            let options = try fixture.options
            return options.contains(family) && !options.contains("--nfacct")
        }
        try #require(fixtures.count > 20)
        // iptables-save prints the table first that was used last.
        try node.run("iptables-legacy", "-t", "nat", "-S")
        for fixture in fixtures {
            // The chain is kubelet's too, so a rule that is no longer desired stays in it.
            _ = try node.attempt(["iptables-legacy", "-F", "KUBE-FIREWALL"])
            let compiled = try fixture.compile(try Self.interfaces(fixture))
            let applied = try apply(fixture, node)
            try #require(applied.status == 0, "\(fixture.testDescription): \(applied.errors)")
            let held = SaveText.withoutCounters(try node.run(save))
            let difference = SaveText.difference(compiled.output, held)
            #expect(difference.isEmpty, "\(fixture.testDescription): compiled (-), kernel (+):\n\(difference)")

            let again = try apply(fixture, node)
            #expect(again.output.contains("already in sync, nothing committed"), "\(again.output)")
        }
    }

    private func apply(_ fixture: Fixture, _ node: NetworkNamespace) throws -> ProcessResult {
        try node.attempt(
            [Repository.tool, "apply", "--prune", "--allow-empty"]
                + ["--conntrack-tcp-be-liberal=false", "-f", fixture.objects]
                + fixture.options.filter { $0 != "--conntrack-tcp-be-liberal" } + Self.interfaces(fixture)
                + (fixture.options.contains("--conntrack-tcp-be-liberal") ? ["--conntrack-tcp-be-liberal"] : []))
    }

    /// `apply` would read the namespace's interfaces; `compile` assumes loopback and the node's addresses.
    private static func interfaces(_ fixture: Fixture) throws -> [String] {
        let options = try fixture.options
        guard !options.contains("--interface-addresses") else { return [] }
        let addresses = options.firstIndex(of: "--node-ip").map { options[$0 + 1].split(separator: ",") } ?? []
        return ["--interface-addresses", (["127.0.0.1", "::1"] + addresses).joined(separator: ",")]
    }

    private static let foreignRules = """
        *filter
        :INPUT DROP [5:300]
        :FORWARD ACCEPT [0:0]
        :OUTPUT ACCEPT [0:0]
        :DOCKER-USER - [0:0]
        :KUBE-ROUTER-INPUT - [0:0]
        [7:420] -A INPUT -p tcp -m multiport --dports 22,10250 -j ACCEPT
        [3:180] -A INPUT -m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-name kt -j ACCEPT
        [0:0] -A INPUT -j KUBE-ROUTER-INPUT
        [1:60] -A FORWARD -j DOCKER-USER
        [2:120] -A DOCKER-USER -m string --string "x y" --algo bm --to 65535 -j DROP
        [9:900] -A DOCKER-USER -m limit --limit 3/min -j LOG --log-prefix "a \\"b\\" "
        [4:44] -A KUBE-ROUTER-INPUT -m u32 --u32 "0x0&0xffff=0x10" -j RETURN
        COMMIT
        *nat
        :PREROUTING ACCEPT [0:0]
        :INPUT ACCEPT [0:0]
        :OUTPUT ACCEPT [0:0]
        :POSTROUTING ACCEPT [0:0]
        :CNI-HOSTPORT-DNAT - [0:0]
        [6:360] -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
        [8:480] -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
        [1:52] -A CNI-HOSTPORT-DNAT -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.1.2.3-10.1.2.9:80
        COMMIT

        """

    @Test func cleanupLeavesForeignRulesAsTheyWere() throws {
        let node = try namespace()
        try node.run("iptables-legacy-restore", "--counters", input: Self.foreignRules)
        func foreign() throws -> [String] {
            try node.run("iptables-legacy-save", "--counters").split(separator: "\n").map(String.init).filter {
                !$0.hasPrefix("#") && !$0.contains("KUBE-FIREWALL")
            }
        }
        let before = try foreign()

        let fixture = Fixture(folder: Repository.fixtures.appending(path: "walkthrough"))
        try #require(try apply(fixture, node).status == 0)
        let during = try foreign().filter { !$0.contains("KUBE-") || $0.contains("KUBE-ROUTER") }
        #expect(during == before.filter { !$0.contains("KUBE-") || $0.contains("KUBE-ROUTER") })

        // Without the check for a running proxy, which connects to two ports and so moves counters of loopback.
        let cleanup = try node.attempt([Repository.tool, "cleanup", "--force"])
        #expect(cleanup.status == 0, "\(cleanup.errors)")
        let difference = SaveText.difference(
            before.joined(separator: "\n"), try foreign().joined(separator: "\n"))
        #expect(difference.isEmpty, "\(difference)")
        let again = try node.attempt([Repository.tool, "cleanup"])
        #expect(again.output.contains("IPv4: nothing to remove, nothing committed"))
        // kubelet has the same chain, and may rely on it.
        #expect(try node.run("iptables-legacy-save").contains("-A INPUT -j KUBE-FIREWALL"))
    }

    @Test func badInputReachesNoKernel() throws {
        let node = try namespace()
        let result = try node.attempt(
            [Repository.tool, "apply", "-f", "-"],
            input: "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: 7\n")
        #expect(result.status == 65)
        #expect(try !node.run("iptables-legacy-save").contains("KUBE-"))
    }

    @Test func planShowsWhatApplyWouldDoAndVerifyWhatHasDrifted() throws {
        let node = try namespace()
        let fixture = Fixture(folder: Repository.fixtures.appending(path: "walkthrough"))
        let arguments = try ["-f", fixture.objects] + fixture.options
        func tool(_ command: String, _ further: String...) throws -> ProcessResult {
            try node.attempt([Repository.tool, command] + arguments + further)
        }
        let plan = try tool("plan", "--rules")
        #expect(plan.status == 2)
        #expect(plan.output.contains("+ -A KUBE-SERVICES -d 10.97.218.31/32"))
        #expect(try !node.run("iptables-legacy-save").contains("KUBE-"))

        try #require(try tool("apply").status == 0)
        let inSync = try tool("plan")
        #expect(inSync.status == 0)
        #expect(inSync.output == "IPv4: in sync, no changes\n")
        #expect(try tool("verify").status == 0)

        try node.run("iptables-legacy", "-t", "nat", "-D", "PREROUTING", "1")
        try node.run("iptables-legacy", "-t", "nat", "-I", "KUBE-MARK-MASQ", "-m", "limit", "-j", "RETURN")
        try node.run("iptables-legacy", "-I", "INPUT", "-p", "icmp", "-j", "ACCEPT")
        let drift = try tool("verify")
        #expect(drift.status == 2)
        #expect(
            drift.output.hasPrefix(
                """
                IPv4: drift: nat 1 rule missing, 1 rule unexpected
                  ~ rules that all Services share  1 rule missing, 1 rule unexpected
                IPv4 filter: foreign rule 1 of INPUT sees packets

                """.dropLast()), "\(drift.output)")
        let rules = try tool("verify", "--rules")
        #expect(rules.output.contains("\n    nat PREROUTING\n      missing: -A PREROUTING"), "\(rules.output)")
        #expect(rules.output.contains("\n    nat KUBE-MARK-MASQ\n      unexpected: -A KUBE-MARK-MASQ"))
        let selected = try tool("verify", "-n", "default", "--service", "redis")
        #expect(selected.status == 2)
        #expect(selected.output.contains("\n  no drift of the selected Services\n"), "\(selected.output)")
        #expect(try tool("verify", "--service", "rediss").output.contains("; did you mean \"default/redis\"?\n"))
        #expect(
            drift.output.contains("IPv4 filter: foreign rule 1 of INPUT sees packets before our jumps"),
            "\(drift.output)")

        let json = try tool("plan", "--output", "json")
        #expect(json.status == 2)
        let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
        #expect(value?.first?["family"] as? String == "ipv4")

        #expect(try tool("verify", "--repair").status == 0)
        #expect(try tool("verify").status == 0)
    }

    @Test func aBusyLockEndsWith75() throws {
        let node = try namespace()
        let lock = FileManager.default.temporaryDirectory.appending(path: "kt-lock-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: lock) }
        let command = [Repository.tool, "apply", "--allow-empty", "-f", "-", "--lock-file", lock, "--lock-wait", "0.2"]
        let free = try node.attempt(command)
        #expect(free.status == 0, "\(free.errors)")
        let busy = try node.attempt(["flock", lock] + command)
        #expect(busy.status == 75)
        #expect(busy.errors.contains("was not free within 0.2"), "\(busy.errors)")
        #expect(busy.errors.contains("; flock (process "), "\(busy.errors)")
        #expect(busy.errors.contains(") holds it: try again, or wait longer"))
    }

    @Test func withoutPermissionItEndsWith77AndNamesTheRemedy() throws {
        let node = try namespace()
        // The built tool may lie below a folder that only root can enter, so capabilities are dropped, not the user.
        let result = try node.attempt(
            ["capsh", "--drop=cap_net_admin,cap_net_raw", "--", "-c", "'\(Repository.tool)' apply --allow-empty -f -"])
        #expect(result.status == 77, "\(result.errors)")
        #expect(result.errors.contains("run as root, or with the capabilities CAP_NET_ADMIN and CAP_NET_RAW"))
    }
}
