// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing

@testable import ProxyConfiguration

@Suite("Options that make little sense") struct ConfigurationCheckTests {
    private static let dualNode = Node(
        name: "n1", addresses: ["192.0.2.10", "2001:db8:1::10"].compactMap { IPAddress($0) },
        podCIDRs: ["10.244.1.0/24", "fd00:10:244:1::/64"].compactMap { CIDR($0) })

    private func warnings(
        node: Node = dualNode, services: Set<IPFamily> = [.ipv4, .ipv6], families: [IPFamily] = IPFamily.allCases,
        _ change: (inout ProxyOptions) -> Void
    ) throws -> [String] {
        var options = ProxyOptions()
        change(&options)
        let settings = try options.settings(node: node, interfaceAddresses: node.addresses)
        return ConfigurationCheck(options, settings, families: families, serviceFamilies: services).warnings
    }

    private func ranges(_ texts: String...) -> NodePortAddresses { .ranges(texts.compactMap { CIDR($0) }) }

    @Test("are none by default")
    func none() throws {
        #expect(try warnings { _ in }.isEmpty)
        #expect(try warnings { $0.nodePortAddresses = .primary }.isEmpty)
        #expect(
            try warnings {
                $0.nodePortAddresses = ranges("192.0.2.0/24", "2001:db8:1::/64")
                $0.clusterCIDRs = [CIDR("10.244.0.0/16")!]
            }.isEmpty)
    }

    @Test("addresses for node ports of one family in a dual-stack cluster")
    func nodePorts() throws {
        #expect(
            try warnings { $0.nodePortAddresses = ranges("192.0.2.0/24") } == [
                "--nodeport-addresses (nodePortAddresses): the cluster appears to be dual-stack but nodePortAddresses contains "
                    + "only IPv4 addresses; NodePort connections will be accepted on all local IPv6 IPs: add IPv6 CIDRs, or "
                    + "use primary"
            ])
        #expect(try warnings { $0.nodePortAddresses = ranges("2001:db8:1::/64") }.count == 1)
        #expect(try warnings(families: [.ipv4]) { $0.nodePortAddresses = ranges("192.0.2.0/24") }.isEmpty)
        let node = Node(name: "n1", addresses: [IPAddress("192.0.2.10")!])
        #expect(try warnings(node: node, services: [.ipv4]) { $0.nodePortAddresses = ranges("192.0.2.0/24") }.isEmpty)
        let single = try warnings(node: node, services: [.ipv4]) { $0.nodePortAddresses = ranges("2001:db8:1::/64") }
        #expect(single.count == 1 && single[0].contains("appears to be IPv4-primary but"))
    }

    @Test("addresses for node ports that the node does not have")
    func unreachable() throws {
        let found = try warnings { $0.nodePortAddresses = ranges("203.0.113.0/24", "2001:db8:1::/64") }
        #expect(
            found == [
                "--nodeport-addresses (nodePortAddresses): no IPv4 address of the node is in 203.0.113.0/24: node ports do not "
                    + "answer on IPv4"
            ])
        #expect(try warnings(services: [.ipv6]) { $0.nodePortAddresses = ranges("203.0.113.0/24", "::/0") }.isEmpty)
    }

    @Test("cluster CIDRs of the other family, or none although the mode needs them")
    func clusterCIDR() throws {
        #expect(
            try warnings { $0.clusterCIDRs = [CIDR("fd00:10:244::/48")!] } == [
                "--cluster-cidr (clusterCIDR): the cluster is IPv4-primary but clusterCIDR contains only IPv6 addresses; add its "
                    + "IPv4 CIDR, so that traffic from pods is recognized"
            ])
        #expect(
            try warnings { $0.detectLocalMode = .clusterCIDR } == [
                "--detect-local-mode (detectLocalMode): mode ClusterCIDR, but no cluster CIDR is defined: traffic from pods is "
                    + "not recognized; set --cluster-cidr (clusterCIDR)"
            ])
        // Without addresses of the node, its Services decide.
        let unknown = Node(name: "n1")
        #expect(try warnings(node: unknown, services: [.ipv6]) { $0.clusterCIDRs = [CIDR("fd00::/48")!] }.isEmpty)
        #expect(try warnings(node: unknown, services: [.ipv4]) { $0.clusterCIDRs = [CIDR("fd00::/48")!] }.count == 1)
    }

    @Test("the flat layout on a kernel that cannot compare addresses")
    func flatLayout() throws {
        for (layout, isKnown) in [(RuleLayoutKind.flat, true), (.kubeProxy, false), (.flat, false)] {
            var options = ProxyOptions()
            options.ruleLayout = layout
            let settings = try options.settings(
                node: Self.dualNode, interfaceAddresses: [], comparesAddresses: isKnown)
            let found = ConfigurationCheck(options, settings, families: [.ipv4], serviceFamilies: []).warnings
            #expect(found.count == (layout == .flat && !isKnown ? 1 : 0), "\(found)")
            #expect(found.allSatisfy { $0.hasPrefix("--rule-layout (ruleLayout): the kernel has no match") })
        }
    }

    @Test("session affinity by a hash that the kernel cannot make, if an option asks for it")
    func clientHash() throws {
        func warnings(
            _ mode: AffinityMode?, _ hashed: Set<IPFamily>, _ services: Set<IPFamily> = [.ipv4, .ipv6]
        ) throws -> [String] {
            var options = ProxyOptions()
            options.affinityMode = mode
            options.ruleLayout = .flat
            let settings = try options.settings(node: Self.dualNode, interfaceAddresses: [], hashesClients: hashed)
            return ConfigurationCheck(options, settings, families: IPFamily.allCases, serviceFamilies: services)
                .warnings
        }
        #expect(try warnings(.hash, [.ipv4, .ipv6]).isEmpty)
        #expect(try warnings(.hash, [.ipv4], [.ipv4]).isEmpty)
        #expect(try warnings(.recent, []).isEmpty && warnings(nil, []).isEmpty)
        #expect(
            try warnings(.hash, []) == [
                "--session-affinity-mode (sessionAffinityMode): the kernel has no match \"cluster\" (module xt_cluster), so "
                    + "session affinity of IPv4 works by lists of recent clients; load the module to have no limit of clients",
                "--session-affinity-mode (sessionAffinityMode): the kernel has no match \"bpf\" (module xt_bpf), so session "
                    + "affinity of IPv6 works by lists of recent clients; load the module to have no limit of clients",
            ])
    }

    @Test("pod CIDRs of the other family, if pods are recognized by them")
    func podCIDR() throws {
        let node = Node(name: "n1", addresses: [IPAddress("192.0.2.10")!], podCIDRs: [CIDR("fd00::/64")!])
        #expect(try warnings(node: node) { $0.detectLocalMode = .nodeCIDR }.count == 1)
        #expect(try warnings(node: node) { _ in }.isEmpty)
    }

    @Test("a retry that comes after clients have tried again")
    func lateRetry() throws {
        #expect(try warnings { $0.retryTimeout = .seconds(1) }.isEmpty)
        #expect(
            try warnings { $0.retryTimeout = .milliseconds(1500) } == [
                "--retry-timeout (retryTimeout): after 1.5s an endpoint counts as silent, but clients repeat their SYN after "
                    + "1s already and reach it again; use at most 1s, so that this SYN is balanced again"
            ])
    }
}
