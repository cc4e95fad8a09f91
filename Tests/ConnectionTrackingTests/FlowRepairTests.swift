// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NetworkTypes
import TestSupport
import Testing

/// Flows that began while rules were missing, or go to an endpoint that is gone, after the program has put that right.
@Suite("Flows of a time without rules", .needsKernel, .serialized) struct FlowRepairTests {
    private typealias Lab = FlowLab

    /// How the rules come back.
    enum Way: CaseIterable {
        case apply, verifyRepair, drift
    }

    private static let arguments: [(Way, IPFamily)] = Way.allCases.flatMap { way in
        IPFamily.allCases.map { (way, $0) }
    }

    private func makeLab() throws -> FlowLab {
        let lab = try Lab()
        for pod in Lab.Pod.allCases { try lab.serve(pod, .tcp, port: 80) }
        // The node forwards what no rule translates to nowhere: the addresses of Services are routed to a link at whose
        // other end nobody has the hardware address, and so nothing answers.
        try lab.run("node", ["ip", "link", "add", "hole", "type", "veth", "peer", "name", "hole-end"])
        for end in ["hole", "hole-end"] { try lab.run("node", ["ip", "link", "set", end, "up"]) }
        for family in IPFamily.allCases {
            let ip = family == .ipv4 ? ["ip"] : ["ip", "-6"]
            for address in [Lab.clusterIP(family), Lab.externalIP(family), Lab.loadBalancerIP(family)] {
                try lab.run("node", ip + ["route", "replace", address, "dev", "hole"])
                try lab.run("node", ip + ["neigh", "replace", address, "lladdr", "02:00:00:00:00:01", "dev", "hole"])
            }
        }
        return lab
    }

    private func flush(_ lab: FlowLab, _ family: IPFamily) throws {
        try lab.run("node", [family == .ipv4 ? "iptables-legacy" : "ip6tables-legacy", "-w", "60", "-t", "nat", "-F"])
    }

    /// Lets a TCP connection begin that nothing answers, for each place but the node port, where the node itself refuses.
    private func beginConnections(_ lab: FlowLab, _ family: IPFamily) throws -> [BackgroundProcess] {
        let clients = try Lab.places(family).dropLast().map { place in
            let host = family == .ipv4 ? place.address : "[\(place.address)]"
            return try lab.start("client", ["curl", "-gsS", "--max-time", "60", "http://\(host):\(place.tcp)/"])
        }
        try eventually("connections have begun") { try lab.flows(family, .tcp).count >= clients.count }
        return clients
    }

    private func eventually(_ what: Comment, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, what)
            usleep(50_000)
        }
    }

    @Test("reach their Service when the rules are back, at every address of it", arguments: arguments)
    func gap(way: Way, family: IPFamily) throws {
        let lab = try makeLab()
        let folder = try TemporaryFolder()
        let manifest = Lab.everyPlace(.one)
        try folder.write("objects.yaml", manifest)
        try lab.apply(manifest)
        // A flow of another program to an address that is no Service's.
        let foreign = Lab.Pod.three.address(family)
        try flush(lab, family)
        for place in Lab.places(family) {
            let answer = try lab.ask(place.address, port: place.udp)
            try #require(answer == "silence" || answer == "refused", "\(place): \(answer)")
        }
        #expect(try lab.ask(foreign) == "pod-13")
        let before = try lab.flows(family).filter { $0.contains(foreign) }
        let clients = try beginConnections(lab, family)

        var program: BackgroundProcess?
        switch way {
        case .apply: try lab.tool("apply", manifest: manifest)
        case .verifyRepair: try lab.tool("verify", "--repair", manifest: manifest)
        case .drift: program = try run(lab, folder.path, untilRepaired: family)
        }
        for place in Lab.places(family) {
            #expect(try lab.ask(place.address, port: place.udp) == "pod-11", "\(place)")
        }
        for client in clients {
            #expect(try client.wait() == 0, "\(client.errors)")
            #expect(client.output.contains("pod-11"))
        }
        #expect(try lab.flows(family).filter { $0.contains(foreign) } == before)
        program?.signal(SIGTERM)
        _ = try program?.wait()
    }

    /// Starts the program with the rules as they are, takes rules of nat away again, and waits until it has repaired them.
    ///
    /// The start cleans up as well, so the flows that count begin after it.
    private func run(_ lab: FlowLab, _ path: String, untilRepaired family: IPFamily) throws -> BackgroundProcess {
        let program = try lab.start(
            "node",
            [
                Repository.tool, "run", "--manifests", path, "--iptables-sync-period", "3s", "--lock-file",
                path + "/lock",
            ]
                + ["--owner-lock-file", path + "/owner", "-v", "4"] + Lab.nodeOptions)
        try program.waitForErrors(containing: "start: \(family.kubernetesName)")
        try program.waitForErrors(containing: "\(family.kubernetesName): deleted")
        try flush(lab, family)
        for place in Lab.places(family) {
            _ = try lab.run("client", ["sh", "-c", Self.send(place.address, place.udp)])
        }
        try program.waitForErrors(containing: "drift repaired: \(family.kubernetesName) nat")
        try program.waitForErrors(containing: "\(family.kubernetesName): deleted", count: 2)
        return program
    }

    /// Sends one datagram from the port that all questions come from.
    private static func send(_ address: String, _ port: Int) -> String {
        let host = address.contains(":") ? "UDP6-SENDTO:[\(address)]" : "UDP4-SENDTO:\(address)"
        return "echo ? | socat -u - \(host):\(port),sourceport=40000,reuseaddr"
    }

    @Test(
        "apply leads flows away from an endpoint that is gone, and from a Service that is gone",
        arguments: IPFamily.allCases)
    func change(family: IPFamily) throws {
        let lab = try makeLab()
        try lab.tool("apply", manifest: Lab.everyPlace(.one))
        for place in Lab.places(family) { #expect(try lab.ask(place.address, port: place.udp) == "pod-11") }
        let result = try lab.tool("apply", manifest: Lab.everyPlace(.two))
        #expect(result.errors.contains("note: \(family.kubernetesName): deleted 4 stale UDP flows of 4 checked\n"))
        for place in Lab.places(family) { #expect(try lab.ask(place.address, port: place.udp) == "pod-12") }
        let again = try lab.tool("apply", manifest: Lab.everyPlace(.two))
        #expect(!again.errors.contains("stale UDP flows"))

        try lab.tool("apply", "--prune", "--allow-empty", manifest: "")
        for place in Lab.places(family) {
            let answer = try lab.ask(place.address, port: place.udp)
            #expect(answer == "silence" || answer == "refused", "\(place): \(answer)")
        }
    }

    @Test("also in a conntrack zone of one direction", arguments: IPFamily.allCases, ["--zone-orig", "--zone-reply"])
    func zones(family: IPFamily, option: String) throws {
        let lab = try makeLab()
        let tool = family == .ipv4 ? "iptables-legacy" : "ip6tables-legacy"
        for chain in ["PREROUTING", "OUTPUT"] {
            try lab.run("node", [tool, "-w", "60", "-t", "raw", "-A", chain, "-j", "CT", option, "9"])
        }
        try lab.tool("apply", manifest: Lab.everyPlace(.one))
        #expect(try lab.ask(Lab.clusterIP(family)) == "pod-11")
        #expect(try lab.flows(family).contains { $0.hasSuffix(" \(option.dropFirst(2))=9") })
        let result = try lab.tool("apply", manifest: Lab.everyPlace(.two))
        #expect(result.errors.contains("deleted 1 stale UDP flows"), "\(result.errors)")
        #expect(!result.errors.contains("not deleted"))
        #expect(try lab.ask(Lab.clusterIP(family)) == "pod-12")
    }
}
