// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NetworkTypes
import TestSupport
import Testing

/// Real connections to pods of which one answers, one refuses and one is silent, and what the kernel reports of them.
@Suite("Connections as the kernel reports them", .needsKernel, .serialized) struct ConnectionEventTests {
    private typealias Lab = FlowLab

    private func service(_ family: IPFamily, _ pod: Lab.Pod) -> String {
        let text = pod.end(family)
        return String(text[..<text.index(text.endIndex, offsetBy: -2)]) + "80"
    }

    private func host(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }

    /// A lab in which pod one answers at port 80, pod two refuses, and pod three drops what comes.
    private func makeLab(_ pod: Lab.Pod) throws -> (Lab, TemporaryFolder) {
        let lab = try Lab()
        try lab.serve(.one, .tcp, port: 80)
        for tables in ["iptables-legacy", "ip6tables-legacy"] {
            try lab.run(
                "pod-13", [tables, "-w", "60", "-A", "INPUT", "-p", "tcp", "--dport", "80", "-j", "DROP"])
        }
        let folder = try TemporaryFolder()
        let manifest = Lab.manifest(pod, nodePorts: true)
        try folder.write("objects.yaml", manifest)
        try lab.apply(manifest)
        return (lab, folder)
    }

    private func watch(_ lab: Lab, _ folder: TemporaryFolder, seconds: Int, _ options: [String] = []) throws
        -> BackgroundProcess
    {
        let addresses = IPFamily.allCases.map(Lab.nodeAddress).joined(separator: ",")
        let probe = Repository.products.appending(path: "connection-tracking-probe").path
        let process = try lab.start(
            "node",
            [probe, "watch", "--node-port-addresses", addresses] + options + [
                "\(seconds)", "\(folder.path)/objects.yaml",
            ]
        )
        _ = try process.waitForOutput(after: "watching")
        return process
    }

    private func connect(_ lab: Lab, _ address: String, patience: Double = 0.5) throws {
        // Whether it succeeds makes no difference here.
        _ = try? lab.run(
            "client",
            ["bash", "-c", "curl -gs -o /dev/null --max-time \(patience) http://\(address)/ || true"])
    }

    @Test(
        "an answer, a refusal and silence are distinguished, at cluster IP and node port", arguments: IPFamily.allCases)
    func outcomes(family: IPFamily) throws {
        let expected: [(Lab.Pod, String)] = [(.one, "answered"), (.two, "refused"), (.three, "due, unanswered")]
        for (pod, outcome) in expected {
            let (lab, folder) = try makeLab(pod)
            let places = ["\(host(Lab.clusterIP(family))):80", "\(host(Lab.nodeAddress(family))):30080"]
            let watcher = try watch(lab, folder, seconds: 2)
            for place in places { try connect(lab, place) }
            #expect(try watcher.wait() == 0)
            for place in places {
                #expect(watcher.output.contains("began \(place) by \(service(family, pod)): 1\n"), "\(watcher.output)")
                #expect(
                    watcher.output.contains("\(outcome) \(place) by \(service(family, pod)): 1\n"), "\(watcher.output)")
            }
        }
    }

    @Test("a flow that is deleted before its client repeats the SYN is balanced again", arguments: IPFamily.allCases)
    func retry(family: IPFamily) throws {
        let (lab, folder) = try makeLab(.three)
        let place = "\(host(Lab.clusterIP(family))):80"
        let watcher = try watch(lab, folder, seconds: 9, ["--delete", "yes"])
        let client = try lab.start(
            "client", ["curl", "-gsS", "--max-time", "9", "http://\(place)/"])
        try watcher.waitForFlow(lab, family)
        try lab.apply(Lab.manifest(.one, nodePorts: true))
        #expect(try client.wait() == 0)
        #expect(client.output.contains("pod-11"), "\(client.errors)")
        #expect(try watcher.wait() == 0)
        #expect(watcher.output.contains("due, deleted \(place) by \(service(family, .three)): "), "\(watcher.output)")
    }

    @Test("connections to other places, past the Service and of UDP are not its own")
    func foreign() throws {
        let (lab, folder) = try makeLab(.one)
        let watcher = try watch(lab, folder, seconds: 2)
        try connect(lab, Lab.Pod.one.address(.ipv4))
        _ = try lab.ask(Lab.clusterIP(.ipv4))
        #expect(try watcher.wait() == 0)
        #expect(watcher.output.contains("foreign: 1\n"), "\(watcher.output)")
        #expect(!watcher.output.contains("began"), "\(watcher.output)")
    }

    @Test("a kernel that is set not to report connections is an error with the parameter to set")
    func disabled() throws {
        let (lab, folder) = try makeLab(.one)
        try lab.run("node", ["sh", "-c", "echo 0 >/proc/sys/net/netfilter/nf_conntrack_events"])
        let probe = Repository.products.appending(path: "connection-tracking-probe").path
        let process = try lab.start("node", [probe, "watch", "1", "\(folder.path)/objects.yaml"])
        #expect(try process.wait() == 1)
        #expect(process.output.contains("set net.netfilter.nf_conntrack_events to 2"), "\(process.output)")
    }

    @Test("500 connections cost next to nothing, and none is missed")
    func cost() throws {
        let (lab, folder) = try makeLab(.one)
        let address = Lab.clusterIP(.ipv4)
        let watcher = try watch(lab, folder, seconds: 12)
        try lab.run(
            "client", ["bash", "-c", "for i in {1..500}; do exec 3<>/dev/tcp/\(address)/80; exec 3>&-; done"])
        #expect(try watcher.wait() == 0)
        let output = watcher.output
        let end = "\(address):80 by \(service(.ipv4, .one))"
        #expect(output.contains("began \(end): 500\n"), "\(output)")
        // The server has its own pace: a connection or two may be kept waiting.
        let answered = output.firstMatch(of: /answered [^ ]+ by [^ ]+: (\d+)/).flatMap { Int($0.output.1) }
        #expect(answered ?? 0 >= 450, "\(output)")
        let time = try #require(output.firstMatch(of: /cpu ([\d.]+) ms/).flatMap { Double($0.output.1) })
        print("500 connections cost \(time) ms of a processor")
        // A debug build on a busy machine.
        #expect(time < 100)
    }
}

extension BackgroundProcess {
    /// Waits until a connection has begun that the node tracks.
    fileprivate func waitForFlow(_ lab: FlowLab, _ family: IPFamily) throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while try lab.flows(family, .tcp).isEmpty {
            try #require(ContinuousClock.now < deadline)
            usleep(20_000)
        }
    }
}
