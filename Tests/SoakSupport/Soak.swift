// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport

/// A lab with an API server, kubetables that follows it, and everything that may happen to them.
package final class Soak {
    /// What was done to them.
    package struct Steps {
        package var changes = 0
        package var faults = 0
        package var drifts = 0
    }

    /// The program that is tested.
    package let program: BackgroundProcess

    package let lab: Lab
    private let directory = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)")
    private let server: BackgroundProcess
    private let url: String
    private var cluster: SoakCluster
    private var generator: SeededGenerator
    private let faults: SoakFaults

    private static let options = [
        "--hostname-override", SoakCluster.nodeName, "--node-ip", "192.168.50.10", "--cluster-cidr", "10.244.0.0/16",
    ]

    package init(seed: UInt64, faults: SoakFaults = .passing) throws {
        self.faults = faults
        generator = SeededGenerator(seed: seed)
        cluster = SoakCluster()
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        lab = try Lab(pods: ["client-pod=10.244.1.5"] + SoakCluster.pods.map { "\($0.name)=\($0.address)" })
        for pod in SoakCluster.pods { try lab.serve(pod.name, port: 80) }

        let objects = directory.appending(path: "objects.json")
        try cluster.list.write(to: objects)
        let serverPath = Repository.products.appending(path: "test-api-server").path
        server = try lab.start(
            "node", [serverPath, "--listen", "127.0.0.1:0", "--objects", objects.path, "--bookmarks", "1"])
        url = try server.waitForOutput(after: "listening on ")
        program = try lab.start(
            "node",
            [Repository.tool, "run", "--master", url]
                + ["--lock-file", directory.appending(path: "xtables.lock").path]
                + ["--iptables-min-sync-period", "50ms", "--iptables-sync-period", "1s"] + Self.options)
        try program.waitForErrors(containing: "start: IPv4 filter", limit: .seconds(30))
        for rule in Self.foreignRules { try lab.run("node", ["iptables-legacy"] + rule) }
    }

    deinit {
        program.signal(SIGKILL)
        try? FileManager.default.removeItem(at: directory)
    }

    // MARK: Clients

    /// Starts clients of every Service that must always answer, inside the cluster and outside.
    package func startClients(seconds: Int) throws -> [SoakClient] {
        try SoakCluster.stableServices.flatMap { service in
            [
                try SoakClient(on: "client-pod", of: lab, address: "\(service.clusterIP):80", seconds: seconds),
                try SoakClient(
                    on: "client", of: lab, address: "192.168.50.10:\(service.nodePort)", seconds: seconds),
            ]
        }
    }

    // MARK: Churn

    /// Lets things happen until an instant.
    package func churn(until end: ContinuousClock.Instant) throws -> Steps {
        var steps = Steps()
        while ContinuousClock.now < end {
            // The first thing is a fault, so that even the shortest run has one.
            switch steps.faults == 0 ? 0 : Int.random(in: 0..<10, using: &generator) {
            case 0:
                try injectFault()
                steps.faults += 1
            case 2 where faults == .all:
                try injectFault()
                steps.faults += 1
            case 1:
                try makeDrift()
                steps.drifts += 1
            default:
                try apply(cluster.change(using: &generator))
                steps.changes += 1
            }
            usleep(UInt32.random(in: 10_000..<200_000, using: &generator))
        }
        return steps
    }

    private func apply(_ change: SoakCluster.Change) throws {
        switch change {
        case .put(let object):
            try control("PUT", "objects", body: object)
        case .delete(let kind, let name):
            try control("DELETE", "objects?kind=\(kind)&namespace=default&name=\(name)")
        }
    }

    /// A fault only shows with the next request, so the running watch is broken too.
    private func injectFault() throws {
        for request in faults.next(using: &generator) { try control("POST", request) }
    }

    /// Edits by another process, which do not concern the Services that must always answer.
    private func makeDrift() throws {
        let chain = try lab.attempt("node", ["iptables-legacy-save", "-t", "nat"]).output.split(separator: "\n").first {
            $0.contains("noise-") && $0.hasPrefix("-A KUBE-SVC-")
        }
        .map { String($0.split(separator: " ")[1]) }
        let lockFile = ["env", "XTABLES_LOCKFILE=\(directory.appending(path: "xtables.lock").path)"]
        let edits: [[String]] =
            [
                ["-t", "filter", "-A", "KUBE-FORWARD", "-m", "comment", "--comment", "surplus"],
                ["-t", "nat", "-A", "KUBE-MARK-MASQ", "-m", "comment", "--comment", "surplus"],
                ["-t", "filter", "-F", "KUBE-PROXY-FIREWALL"],
                ["-t", "filter", "-D", "INPUT", "1"],
            ] + (chain.map { [["-t", "nat", "-F", $0]] } ?? [])
        // Whoever edits loses a race now and then: the chain may be gone.
        _ = try lab.attempt("node", lockFile + ["iptables-legacy", "-w"] + generator.pick(edits))
    }

    private func control(_ method: String, _ path: String, body: String = "") throws {
        try lab.run(
            "node",
            ["curl", "-sS", "--fail", "--max-time", "10", "-o", "/dev/null", "-X", method]
                + (body.isEmpty ? [] : ["--data-binary", "@-"]) + ["\(url)/control/\(path)"], input: body)
    }

    // MARK: The end

    /// What `verify` still finds after everything has been quiet for a while; empty if the kernel is in sync.
    ///
    /// - Parameter limit: longer than two pauses of a source that has failed often, of a minute each.
    package func finalDifference(limit: Duration = .seconds(150)) throws -> String {
        try control("DELETE", "faults")
        let objects = directory.appending(path: "final.json")
        try cluster.list.write(to: objects)
        var difference = ""
        let deadline = ContinuousClock.now + limit
        repeat {
            usleep(500_000)
            let result = try lab.attempt(
                "node", [Repository.tool, "verify", "--rules", "-f", objects.path] + Self.options)
            if result.status == 0 { return "" }
            difference = result.output + result.errors
        } while ContinuousClock.now < deadline
        return difference
    }

    private static let foreignRules = [
        ["-A", "INPUT", "-p", "tcp", "--dport", "2222", "-j", "ACCEPT"],
        ["-t", "nat", "-A", "POSTROUTING", "-s", "172.17.0.0/16", "-j", "MASQUERADE"],
    ]

    /// Whether foreign rules are as they were.
    package func foreignRulesAreThere() throws -> Bool {
        try Self.foreignRules.allSatisfy { rule in
            let check = rule.map { $0 == "-A" ? "-C" : $0 }
            return try lab.attempt("node", ["iptables-legacy"] + check).status == 0
        }
    }

    /// The memory that the program has now.
    package func residentKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
    }
}
