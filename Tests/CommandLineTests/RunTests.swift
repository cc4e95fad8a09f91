// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// `kubetables run` on a directory of manifests, as a process in a namespace of its own.
@Suite(.needsKernel) struct RunTests {
    private let node: NetworkNamespace
    private let directory: URL

    init() throws {
        node = try NetworkNamespace()
        directory = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        try write(WebService.objects(endpoint: "10.244.0.1"), to: "objects.yaml")
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: directory.appending(path: name))
    }

    /// Lets `body` work alongside the program, and removes what was written.
    private func running(_ arguments: [String] = [], _ body: (BackgroundProcess) throws -> Void) throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let program = try node.start(
            [Repository.tool, "run", "--manifests", directory.path]
                + ["--hostname-override", "node-1", "--node-ip", "192.168.50.10", "--lock-file", node.lockPath]
                + ["--iptables-min-sync-period", "0s", "--iptables-sync-period", "500ms"] + arguments)
        try body(program)
    }

    private func nat() throws -> String { try node.run("iptables-legacy-save", "-t", "nat") }

    private func eventually(_ what: Comment, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(15)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, what)
            usleep(5000)
        }
    }

    @Test func rulesFollowTheManifests() throws {
        try running { program in
            try program.waitForErrors(containing: "start: IPv4 filter")
            #expect(try nat().contains("--to-destination 10.244.0.1:8080"))
            try write(WebService.objects(endpoint: "10.244.0.2"), to: "objects.yaml")
            try program.waitForErrors(containing: "ready); IPv4 nat: 1 chain created, 1 chain deleted")
            #expect(try nat().contains("--to-destination 10.244.0.2:8080"))
            #expect(try !nat().contains("10.244.0.1"))
            #expect(!program.errors.contains("drift"))

            try write("{kind: Service", to: "objects.yaml")
            try program.waitForErrors(containing: "error \(directory.path)/objects.yaml: document 1: line")
            #expect(try nat().contains("--to-destination 10.244.0.2:8080"))
        }
    }

    @Test func driftIsReportedAndRepaired() throws {
        try running { program in
            try program.waitForErrors(containing: "start: IPv4 filter")
            try node.run("iptables-legacy", "-t", "nat", "-F", "KUBE-SERVICES")
            try program.waitForErrors(
                containing: "warning IPv4 nat: drift repaired in 1 chain: missing: -A KUBE-SERVICES")
            #expect(program.errors.contains("; default/web: missing: -A KUBE-SERVICES -d 10.96.0.10/32 "))
            try program.waitForErrors(containing: "drift repaired: IPv4 nat")
            #expect(try nat().contains("-d 10.96.0.10/32"))
            // As firewalld does when it is reloaded.
            try node.run("iptables-legacy", "-t", "filter", "-F")
            try node.run("iptables-legacy", "-t", "filter", "-X")
            try program.waitForErrors(containing: "drift repaired: IPv4 filter")
            #expect(try node.run("iptables-legacy-save", "-t", "filter").contains("-A FORWARD"))
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func stoppingLeavesTheRules(signal: Int32) throws {
        try running { program in
            // Both: a commit that has not begun is given up.
            try program.waitForErrors(containing: "start: IPv4 filter")
            try program.waitForErrors(containing: "start: IPv6 filter")
            program.signal(signal)
            #expect(try program.wait() == 0)
            #expect(program.errors.hasSuffix("info stopped; the rules stay as they are\n"))
            #expect(!program.errors.contains(" error "), "\(program.errors)")
            #expect(try nat().contains("--to-destination 10.244.0.1:8080"))
        }
    }

    @Test func aRestartCommitsNothing() throws {
        try running { first in
            try first.waitForErrors(containing: "start: IPv4 filter")
            try first.waitForErrors(containing: "start: IPv6 filter")
            first.signal(SIGTERM)
            _ = try first.wait()
            try write(WebService.objects(endpoint: "10.244.0.1"), to: "objects.yaml")
            try running { second in
                try second.waitForErrors(containing: "start: IPv4: already in sync, nothing committed")
                try second.waitForErrors(containing: "start: IPv6: already in sync, nothing committed")
            }
        }
    }

    @Test func theConfigurationIsReloaded() throws {
        let config = directory.appending(path: "config.conf")
        func configure(_ text: String) throws {
            try Data("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n\(text)\n".utf8)
                .write(to: config)
        }
        try configure("clusterCIDR: 10.244.0.0/16")
        try running(["--config", config.path]) { program in
            try program.waitForErrors(containing: "start: IPv4 filter")
            #expect(try nat().contains("! -s 10.244.0.0/16 -d 10.96.0.10/32"))
            try configure("clusterCIDR: 10.128.0.0/16")
            try eventually("the new range is in force") { try nat().contains("! -s 10.128.0.0/16 -d 10.96.0.10/32") }

            try configure("clusterCIDR: everywhere")
            try program.waitForErrors(containing: "invalid configuration; the previous one stays in force")
            #expect(program.errors.contains("invalid CIDR \"everywhere\""))
            #expect(try nat().contains("! -s 10.128.0.0/16 -d 10.96.0.10/32"))

            let count = program.errors.components(separatedBy: "configuration reloaded").count - 1
            try configure("clusterCIDR: 10.128.0.0/16")
            try program.waitForErrors(containing: "configuration reloaded", count: count + 1)
            program.signal(SIGHUP)
            try program.waitForErrors(containing: "configuration reloaded", count: count + 2)
        }
    }

    @Test func healthMetricsAndPagesAreServed() throws {
        try running { program in
            try program.waitForErrors(containing: "start: IPv4 filter")
            func get(_ address: String) throws -> String {
                try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://\(address)")
            }
            #expect(try get("127.0.0.1:10256/healthz").contains("\"nodeEligible\":true"))
            #expect(try get("127.0.0.1:10256/livez").contains("\"healthy\":true"))
            #expect(try get("127.0.0.1:10249/healthz") == "ok")
            #expect(try get("127.0.0.1:10249/proxyMode") == "iptables")
            #expect(try get("127.0.0.1:10249/configz").contains("\"minSyncPeriod\":\"0s\""))
            #expect(try get("127.0.0.1:10249/rules").contains("--to-destination 10.244.0.1:8080"))
            #expect(try get("127.0.0.1:10249/plan").hasPrefix("IPv4: in sync, no changes\n"))
            let metrics = try get("127.0.0.1:10249/metrics")
            #expect(metrics.contains("kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family=\"IPv4\"}"))
            #expect(metrics.contains("kubeproxy_proxy_healthz_total{code=\"200\"} 1"))

            let run = [Repository.tool, "run", "--manifests", directory.path]
            let refused = try node.attempt(run)
            #expect(
                refused.status == 71 && refused.errors.contains("keeps the rules of this network namespace in sync"))
            // As if the other program were a kube-proxy, which has no owner lock.
            let second = try node.attempt(run + ["--owner-lock-file", directory.appending(path: "second.lock").path])
            #expect(second.status == 71)
            #expect(second.errors.contains("cannot listen on 0.0.0.0:10256: the port is already in use"))
        }
    }

    @Test func whatCannotWorkIsReportedAtOnce() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let withoutCapability = try node.attempt(
            [
                "capsh", "--drop=cap_net_admin,cap_net_raw", "--", "-c",
                "\(Repository.tool) run --manifests \(directory.path)",
            ])
        #expect(withoutCapability.status == 77)
        #expect(
            withoutCapability.errors.contains("run as root, or with the capabilities CAP_NET_ADMIN and CAP_NET_RAW"))
        let badPeriod = try Subprocess.run(
            [Repository.tool, "run", "--manifests", directory.path, "--iptables-sync-period", "soon"])
        #expect(badPeriod.status == 64)
        #expect(
            badPeriod.errors.contains(
                "--iptables-sync-period: invalid duration \"soon\": must be a duration such as 30s"))
    }
}
