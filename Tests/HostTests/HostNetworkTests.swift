// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import TestSupport
import Testing

@testable import Host

@Suite("The network of a host, by its files") struct HostNetworkTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var host: LinuxHost { LinuxHost(root: folder.path) }

    private func write(_ text: String, to path: String) throws { try folder.write(path, text) }

    private func range(_ text: String) throws -> CIDR { try #require(CIDR(text)) }

    @Test("routes of IPv4 are read, the lowest metric first, and none that refuses or is down")
    func ipv4() throws {
        #expect(host.network(.ipv4).routes == nil)
        try write(
            """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth1\t00000000\t0200A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
            eth0\t00000000\t0132A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
            eth0\t0032A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            *\t0001F40A\t00000000\t0200\t0\t0\t0\t00FFFFFF\t0\t0\t0

            """, to: "proc/thread-self/net/route")
        let routes = try #require(host.network(.ipv4).routes)
        #expect(routes.map(\.interface) == ["eth0", "eth0", "eth1"])
        #expect(routes[0].range == (try range("0.0.0.0/0")) && routes[0].gateway == IPAddress("192.168.50.1"))
        #expect(routes[1].range == (try range("192.168.50.0/24")) && routes[1].gateway == nil)
        #expect(routes[2].metric == 100)
    }

    @Test("routes of IPv6 are read, without those to this host")
    func ipv6() throws {
        let none = "00000000000000000000000000000000"
        let gateway = "fe800000000000000000000000000001"
        try write(
            """
            fd000000000000000000000000000000 40 \(none) 00 \(none) 00000100 00000001 00000000 00000001     eth0
            \(none) 00 \(none) 00 \(gateway) 00000400 00000003 00000000 00000003     eth0
            fd000000000000000000000000000002 80 \(none) 00 \(none) 00000000 00000004 00000000 80200001     eth0
            \(none) 00 \(none) 00 \(none) ffffffff 00000001 00000000 00200200       lo

            """, to: "proc/thread-self/net/ipv6_route")
        let routes = try #require(host.network(.ipv6).routes)
        #expect(routes.map(\.range) == [try range("fd00::/64"), try range("::/0")])
        #expect(routes.map(\.gateway) == [nil, IPAddress("fe80::1")])
    }

    @Test("forwarding is on unless the kernel reports otherwise")
    func forwarding() throws {
        #expect(host.network(.ipv4).isForwarding && host.network(.ipv4).routesLoopbackAddresses)
        try write("0\n", to: "proc/sys/net/ipv4/ip_forward")
        try write("0\n", to: "proc/sys/net/ipv4/conf/all/route_localnet")
        #expect(!host.network(.ipv4).isForwarding && !host.network(.ipv4).routesLoopbackAddresses)
        #expect(host.network(.ipv6).isForwarding)
        try write("0\n", to: "proc/sys/net/ipv6/conf/all/forwarding")
        #expect(!host.network(.ipv6).isForwarding)
    }

    @Test("the loopback interface has its address and prefix length")
    func interfaces() throws {
        let loopback = try #require(LinuxHost().network(.ipv4).interfaces.first { $0.name == "lo" })
        #expect(loopback.addresses.contains { $0.address == .loopback(.ipv4) && $0.prefixLength == 8 })
    }

    @Test("only tables that the kernel has are named")
    func tables() throws {
        #expect(host.tableNames(.ipv4) == nil)
        try write("nat\nfilter\n", to: "proc/thread-self/net/ip_tables_names")
        #expect(host.tableNames(.ipv4) == ["nat", "filter"])
        #expect(host.tableNames(.ipv6) == nil)
    }

    @Test("remembered clients have an age in seconds, from the kernel's ticks")
    func recentClients() throws {
        let text = """
            src=10.0.0.1 ttl: 64 last_seen: 10000 oldest_pkt: 2 9000, 10000
            src=2001:0db8:0000:0000:0000:0000:0000:0001 ttl: 64 last_seen: 10500 oldest_pkt: 1 10500
            src=10.0.0.2 ttl: 64 last_seen: 99999 oldest_pkt: 1 99999
            nonsense

            """
        let time = KernelTicks(now: 10_750, frequency: 250)
        let clients = LinuxHost.recentClients(in: text, time)
        #expect(clients.count == 3)
        #expect(clients[try #require(IPAddress("10.0.0.1"))] == 3)
        #expect(clients[try #require(IPAddress("2001:db8::1"))] == 1)
        #expect(clients[try #require(IPAddress("10.0.0.2"))] == 0)
        #expect(host.recentClients("KUBE-SEP-X") == [:])
        try write(
            "src=10.0.0.1 ttl: 64 last_seen: 1 oldest_pkt: 1 1\n", to: "proc/thread-self/net/xt_recent/KUBE-SEP-X")
        #expect(host.recentClients("KUBE-SEP-X")?.count == 1)
        #expect(host.recentClients("../x") == nil)
        #expect(KernelTicks.now.frequency >= 24 && KernelTicks.now.frequency <= 1200)
    }
}
