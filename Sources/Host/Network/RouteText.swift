// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Reads the kernel's lists of routes: /proc/net/route (fib_route_seq_show) and /proc/net/ipv6_route (rt6_info_route).
enum RouteText {
    /// The flags of linux/route.h and linux/ipv6_route.h that matter here.
    private enum Flag {
        static let up: UInt32 = 0x0001
        static let gateway: UInt32 = 0x0002
        static let reject: UInt32 = 0x0200
        static let anycast: UInt32 = 0x0010_0000
        static let local: UInt32 = 0x8000_0000
    }

    /// Lines of interface, destination, gateway, flags, two counts, metric and mask; addresses as numbers of this machine.
    static func ipv4(_ text: String) -> [HostNetwork.Route] {
        sorted(text) { words in
            guard words.count >= 8, let destination = address(words[1]), let gateway = address(words[2]),
                let flags = UInt32(words[3], radix: 16), let metric = UInt32(words[6]), let mask = address(words[7]),
                flags & Flag.up != 0, flags & Flag.reject == 0
            else { return nil }
            return HostNetwork.Route(
                range: CIDR(destination, prefixLength: mask.low.nonzeroBitCount), interface: String(words[0]),
                gateway: flags & Flag.gateway != 0 ? gateway : nil, metric: metric)
        }
    }

    /// Lines of destination, prefix length, source, its length, gateway, metric, two counts, flags and interface.
    static func ipv6(_ text: String) -> [HostNetwork.Route] {
        sorted(text) { words in
            guard words.count >= 10, let destination = longAddress(words[0]), let length = Int(words[1], radix: 16),
                length <= IPFamily.ipv6.addressBits, let gateway = longAddress(words[4]),
                let metric = UInt32(words[5], radix: 16), let flags = UInt32(words[8], radix: 16),
                flags & Flag.up != 0, flags & (Flag.reject | Flag.anycast | Flag.local) == 0
            else { return nil }
            return HostNetwork.Route(
                range: CIDR(destination, prefixLength: length), interface: String(words[9]),
                gateway: flags & Flag.gateway != 0 ? gateway : nil, metric: metric)
        }
    }

    private static func sorted(
        _ text: String, _ route: ([Substring]) -> HostNetwork.Route?
    ) -> [HostNetwork.Route] {
        let routes = text.split(separator: "\n").compactMap { line in
            route(line.split { $0 == " " || $0 == "\t" })
        }
        return routes.sorted { $0.metric < $1.metric }
    }

    /// Eight hexadecimal digits of a number whose first byte in memory is the first one of the address.
    private static func address(_ text: Substring) -> IPAddress? {
        UInt32(text, radix: 16).map { IPAddress(ipv4: UInt32(bigEndian: $0)) }
    }

    /// Thirty-two hexadecimal digits in the order of the address.
    private static func longAddress(_ text: Substring) -> IPAddress? {
        guard text.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        return IPAddress(ipv6High: high, low: low)
    }
}
