// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// How a host is connected: its interfaces and routes, as far as the kernel shows them.
package struct HostNetwork: Hashable, Sendable {
    /// An interface with its addresses of both families, in the kernel's order.
    package struct Interface: Hashable, Sendable {
        package struct Address: Hashable, Sendable {
            package let address: IPAddress
            package let prefixLength: Int
        }

        package let name: String
        package var addresses: [Address] = []
    }

    /// A route of the main table to other hosts.
    package struct Route: Hashable, Sendable {
        package let range: CIDR
        package let interface: String
        /// The next router; `nil` for hosts on the link.
        package let gateway: IPAddress?
        /// Of routes to the same range, the one with the lowest number counts.
        package let metric: UInt32
    }

    package var interfaces: [Interface]
    /// The routes of one family, the lowest metric first; `nil` if they could not be read.
    package var routes: [Route]?
    /// Whether packets of other hosts are forwarded; yes if unknown.
    package var isForwarding: Bool
    /// Whether addresses in 127.0.0.0/8 can be reached by other interfaces (`route_localnet`).
    package var routesLoopbackAddresses: Bool
}

extension LinuxHost {
    /// How the host is connected in one family; rules of policy routing (`ip rule`) are not read.
    package func network(_ family: IPFamily) -> HostNetwork {
        let switches = "proc/sys/net/\(family.rawValue)/"
        let forwarding = family == .ipv4 ? switches + "ip_forward" : switches + "conf/all/forwarding"
        let routes =
            switch family {
            case .ipv4: text("proc/thread-self/net/route").map(RouteText.ipv4)
            case .ipv6: text("proc/thread-self/net/ipv6_route").map(RouteText.ipv6)
            }
        return HostNetwork(
            interfaces: Self.interfaces, routes: routes, isForwarding: text(forwarding).map(Self.isOn) ?? true,
            routesLoopbackAddresses: family == .ipv6
                || text(switches + "conf/all/route_localnet").map(Self.isOn) ?? true)
    }

    /// The tables of a family that the kernel has; to read any other one would create it.
    ///
    /// - Returns: `nil` if this process may not see them.
    package func tableNames(_ family: IPFamily) -> Set<String>? {
        let name = family == .ipv4 ? "ip_tables_names" : "ip6_tables_names"
        return text("proc/thread-self/net/\(name)").map { Set($0.split(whereSeparator: \.isNewline).map(String.init)) }
    }

    private func text(_ path: String) -> String? { try? KernelFile(path: root + path).text() }

    private static func isOn(_ text: String) -> Bool { !text.isEmpty && !text.hasPrefix("0") }
}
