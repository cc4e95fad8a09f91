// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

@testable import RuleEvaluation

@Suite("A node's network") struct NodeNetworkTests {
    private let network = NodeNetwork(
        localAddresses: [address("198.51.100.1")],
        interfaces: [
            .init(
                "lo", addresses: [.init(.loopback(.ipv4), prefixLength: 8), .init(.loopback(.ipv6), prefixLength: 128)]),
            .init(
                "eth0",
                addresses: [
                    .init(address("192.168.50.10"), prefixLength: 24),
                    .init(address("10.9.0.1"), prefixLength: 16),
                    .init(address("fe80::1"), prefixLength: 64), .init(address("fd00::10"), prefixLength: 64),
                ]),
            .init("veth1", addresses: [.init(address("fe80::2"), prefixLength: 64)]),
        ],
        routes: [
            .init(range("0.0.0.0/0"), interface: "eth0", gateway: address("10.9.0.254")),
            .init(range("10.244.0.5/32"), interface: "veth1"),
            .init(range("10.7.0.0/16"), interface: "eth0", source: address("198.51.100.1")),
            .init(range("fd00:10::/32"), interface: "veth1"),
        ])

    @Test(
        "has addresses of the kernel's types",
        arguments: [
            ("192.168.50.10", AddressType.local), ("198.51.100.1", .local), ("127.3.2.1", .local),
            ("192.168.50.255", .broadcast), ("255.255.255.255", .broadcast), ("224.0.0.1", .multicast),
            ("192.168.50.11", .unicast), ("10.96.0.1", .unicast),
        ])
    func types(text: String, type: AddressType) throws {
        let address = try #require(IPAddress(text))
        for other in [AddressType.unicast, .local, .broadcast, .multicast] {
            #expect(network.isOfType(other.bit, address) == (other == type), "\(other)")
        }
        #expect(network.isOfType(type.bit | AddressType.anycast.bit, address))
    }

    @Test("has IPv6 addresses of several types at once")
    func ipv6Types() throws {
        #expect(network.isOfType(AddressType.local.bit, address("fd00::10")))
        #expect(network.isOfType(AddressType.local.bit | AddressType.unicast.bit, .loopback(.ipv6)))
        #expect(!network.isOfType(AddressType.local.bit, address("fd00:10::1")))
        #expect(network.isOfType(AddressType.unreachable.bit, address("2001:db8::1")))
        #expect(network.isOfType(AddressType.multicast.bit, address("ff02::1")))
        #expect(!network.isOfType(AddressType.unicast.bit, address("ff02::1")))
    }

    @Test(
        "gives packets the source that the kernel chooses",
        arguments: [
            ("192.0.2.1", "10.9.0.1"), ("10.244.0.5", "192.168.50.10"), ("10.7.1.1", "198.51.100.1"),
            ("127.0.0.1", "127.0.0.1"), ("fd00:10::5", "fd00::10"),
        ])
    func sources(destination: String, source: String) throws {
        #expect(network.source(for: try #require(IPAddress(destination))) == IPAddress(source))
    }

    @Test("gives masqueraded packets an address of the interface, whatever the route has")
    func masquerading() {
        #expect(network.masqueradeAddress(for: address("10.7.1.1")) == IPAddress("192.168.50.10"))
        #expect(network.masqueradeAddress(for: address("fd00::10")) == IPAddress("fd00::10"))
        #expect(network.masqueradeAddress(for: address("192.168.50.10")) == IPAddress("192.168.50.10"))
        #expect(NodeNetwork(localAddresses: []).masqueradeAddress(for: address("10.7.1.1")) == nil)
    }
}
