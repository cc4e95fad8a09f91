// SPDX-License-Identifier: Apache-2.0

import Host
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel
import Testing
import XTables

@testable import Proxy

@Suite("The check of the host") struct HostCheckTests {
    private let host = FakeHost()

    private func servicePorts(_ family: IPFamily = .ipv4, _ yaml: String = "") throws -> [CompiledServicePort] {
        var objects = ClusterObjects()
        if !yaml.isEmpty { for object in Sample.objects(yaml) { objects.insert(object) } }
        let options = ProxyOptions()
        let settings = try options.settings(
            node: options.node(named: "node-1", object: nil), interfaceAddresses: host.interfaceAddresses,
            hashesClients: host.hashesClients)
        return Compilation(objects.snapshot(family: family), settings: settings).servicePorts
    }

    private func warnings(_ family: IPFamily = .ipv4, _ yaml: String = "") throws -> [String] {
        HostCheck(host).warnings(family, try servicePorts(family, yaml))
    }

    @Test("warns of chains of a kube-proxy in nf_tables, each named once, in their family only")
    func otherBackend() throws {
        #expect(try warnings().isEmpty)
        let names = ["KUBE-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS", "KUBE-SVC-A"]
        host.setNFTablesChains(
            names.map { NFTablesChain(table: "nat", name: $0) } + [NFTablesChain(table: "filter", name: names[0])],
            .ipv6)
        #expect(try warnings().isEmpty)
        #expect(
            try warnings(.ipv6) == [
                "IPv6: nf_tables has kube-proxy chains as well (KUBE-FORWARD, KUBE-NODEPORTS, KUBE-SERVICES and 1 more), and "
                    + "both sets of rules act on every packet; if another proxy left them behind, remove them with "
                    + "ip6tables-nft"
            ])
    }

    @Test("leaves chains of the kubelet and of other programs alone")
    func otherChains() throws {
        let names = ["DOCKER-USER", "KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT", "KUBE-FIREWALL", "KUBE-MARK-MASQ"]
        host.setNFTablesChains(names.map { NFTablesChain(table: "nat", name: $0) }, .ipv4)
        #expect(try warnings().isEmpty)
    }

    @Test("reports that nf_tables could not be listed")
    func hangingProgram() throws {
        host.failNFTablesListing(.overdue(program: "nft", limit: .seconds(2)))
        #expect(
            try warnings() == ["IPv4: cannot check nf_tables for kube-proxy chains: nft did not finish within 2 s"])
    }

    @Test("warns of lists of session affinity that are short, and of those that are full")
    func affinity() throws {
        let cluster = """
            {apiVersion: v1, kind: Service, metadata: {name: web},
             spec: {clusterIP: 10.96.0.1, sessionAffinity: ClientIP, ports: [{port: 80}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
             metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}, ports: [{port: 8080}],
             endpoints: [{addresses: [10.0.0.1]}]}
            """
        host.recentListCapacity = 7
        let capacity =
            "session affinity of default/web remembers at most 7 clients per endpoint (module parameter ip_list_tot of "
            + "xt_recent); further clients lose affinity; --session-affinity-mode hash has no such limit"
        #expect(try warnings(.ipv4, cluster) == [capacity])
        host.hashesClients = []
        let remedy =
            "; with the module xt_cluster, which the kernel lacks, --session-affinity-mode hash has no such limit"
        #expect(try warnings(.ipv4, cluster).map { $0.hasSuffix(remedy) } == [true])
        host.hashesClients = [.ipv4]
        host.fullRecentLists = ["KUBE-SEP-OTHER"]
        #expect(try warnings(.ipv4, cluster) == [capacity])
        let list = try #require(try servicePorts(.ipv4, cluster).first?.affinityLists.first)
        host.fullRecentLists = [list.description, "KUBE-SEP-OTHER"]
        #expect(
            try warnings(.ipv4, cluster) == [
                capacity,
                "session affinity of default/web is losing clients now: the lists \(list) in /proc/net/xt_recent are full",
            ])
    }

    @Test("warns of so many lists that changes get slow, and of none where a hash chooses")
    func manyLists() throws {
        func cluster(_ count: Int, _ mode: String) -> String {
            let endpoints = (0..<count).map { "{addresses: [10.0.\($0 / 250).\($0 % 250 + 1)]}" }
            return """
                {apiVersion: v1, kind: Service,
                 metadata: {name: web, annotations: {kubetables.io/session-affinity-mode: \(mode)}},
                 spec: {clusterIP: 10.96.0.1, sessionAffinity: ClientIP, ports: [{port: 80}]}}
                ---
                {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
                 metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}, ports: [{port: 8080}],
                 endpoints: [\(endpoints.joined(separator: ", "))]}
                """
        }
        #expect(try warnings(.ipv4, cluster(200, "recent")).count == 1)
        let many = try warnings(.ipv4, cluster(201, "recent"))
        #expect(many.count == 2 && many[1].hasPrefix("201 lists of recent clients slow each change down"), "\(many)")
        #expect(try warnings(.ipv4, cluster(201, "hash")).isEmpty)
    }

    @Test("warns of Services that the kernel cannot balance by a hash of the client's address")
    func sourceHash() throws {
        func cluster(_ policy: String) -> String {
            """
            {apiVersion: v1, kind: Service, metadata: {name: web, annotations: {kubetables.io/balance: \(policy)}},
             spec: {clusterIPs: [10.96.0.1, 'fd00::1'], ports: [{port: 80}]}}
            """
        }
        #expect(try warnings(.ipv4, cluster("source-hash")).isEmpty)
        #expect(try warnings(.ipv6, cluster("source-hash")).isEmpty)
        host.hashesClients = [.ipv4]
        #expect(try warnings(.ipv4, cluster("source-hash")).isEmpty)
        #expect(try warnings(.ipv6, cluster("round-robin")).isEmpty)
        #expect(
            try warnings(.ipv6, cluster("source-hash")) == [
                "IPv6: connections of default/web are balanced at random instead of by source-hash: the kernel has no match "
                    + "\"bpf\"; load the module xt_bpf"
            ])
        host.hashesClients = [.ipv6]
        #expect(try warnings(.ipv6, cluster("source-hash")).isEmpty)
        #expect(
            try warnings(.ipv4, cluster("source-hash")) == [
                "IPv4: connections of default/web are balanced at random instead of by source-hash: the kernel has no match "
                    + "\"cluster\"; load the module xt_cluster"
            ])
    }
}
