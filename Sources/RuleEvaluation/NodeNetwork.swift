// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What besides rules decides about a packet's way through a host: addresses, routes, remembered clients.
public struct NodeNetwork: Hashable, Sendable {
    /// The addresses of the host; those of the loopback interface, 127.0.0.0/8 and ::1, are always of them.
    public var localAddresses: Set<IPAddress>
    /// The interfaces and their addresses, in the kernel's order; may be empty if they are not known.
    public var interfaces: [Interface]
    /// The routes to other hosts; `nil` if they are not known: then each address can be reached, by an unknown interface.
    public var routes: [Route]?
    /// Whether packets of other hosts are forwarded (`net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`).
    public var isForwarding = true
    /// Whether addresses in 127.0.0.0/8 can be reached by other interfaces (`net.ipv4.conf.*.route_localnet`).
    public var routesLoopbackAddresses = true
    /// The clients in lists of xt_recent (/proc/net/xt_recent); `nil` if the lists are not known.
    public var recentClients: [ChainName: [IPAddress: RecentClient]]?

    /// A host whose interfaces and routes may be known or not.
    ///
    /// - Parameters:
    ///   - localAddresses: addresses of the host; those of `interfaces` are added.
    ///   - recentClients: by default, all lists are known to be empty.
    public init(
        localAddresses: some Sequence<IPAddress>, interfaces: [Interface] = [], routes: [Route]? = nil,
        recentClients: [ChainName: [IPAddress: RecentClient]]? = [:]
    ) {
        self.localAddresses = Set(localAddresses).union(interfaces.flatMap { $0.addresses.map(\.address) })
        self.interfaces = interfaces
        self.routes = routes
        self.recentClients = recentClients
    }

    /// An interface and its addresses.
    public struct Interface: Hashable, Sendable {
        /// The name: `eth0`.
        public var name: String
        /// The addresses of both families, in the order in which they were added.
        public var addresses: [InterfaceAddress]

        /// An interface, which may have no address.
        public init(_ name: String, addresses: [InterfaceAddress] = []) {
            self.name = name
            self.addresses = addresses
        }
    }

    /// An address of an interface, and the hosts on the same link.
    public struct InterfaceAddress: Hashable, Sendable {
        /// The address.
        public var address: IPAddress
        /// The range of the addresses on the link.
        public var link: CIDR

        /// An address with the length of its prefix, which must be one of its family.
        public init(_ address: IPAddress, prefixLength: Int) {
            self.address = address
            link = CIDR(address, prefixLength: prefixLength)
        }
    }

    /// A route to other hosts.
    public struct Route: Hashable, Sendable {
        /// The addresses that it leads to.
        public var range: CIDR
        /// The interface by which packets leave.
        public var interface: String
        /// The next router; `nil` for hosts on the link.
        public var gateway: IPAddress?
        /// The source that packets of this host get (`src`); `nil` if the kernel chooses among the interface's addresses.
        public var source: IPAddress?

        /// A route; of those that lead to an address the one with the longest prefix counts, and of equals the first.
        public init(_ range: CIDR, interface: String, gateway: IPAddress? = nil, source: IPAddress? = nil) {
            self.range = range
            self.interface = interface
            self.gateway = gateway
            self.source = source
        }
    }
}

/// What a list of xt_recent has about a client.
public struct RecentClient: Hashable, Sendable {
    /// How long ago it was entered last, in seconds.
    public var age: UInt32

    /// A client that was entered so many seconds ago.
    public init(age: UInt32) { self.age = age }
}
