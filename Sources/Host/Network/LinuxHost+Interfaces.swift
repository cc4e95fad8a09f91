// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes

extension LinuxHost {
    /// All interfaces in the network namespace of the calling thread; none if the kernel would not list them.
    static var interfaces: [HostNetwork.Interface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0, let first = list else { return [] }
        defer { freeifaddrs(first) }
        var interfaces: [HostNetwork.Interface] = []
        for entry in sequence(first: first, next: { $0.pointee.ifa_next }) {
            let name = String(cString: entry.pointee.ifa_name)
            let place = interfaces.firstIndex { $0.name == name } ?? interfaces.count
            if place == interfaces.count { interfaces.append(.init(name: name)) }
            guard let address = IPAddress(entry.pointee.ifa_addr), let mask = IPAddress(entry.pointee.ifa_netmask)
            else { continue }
            let prefixLength = mask.high.nonzeroBitCount + mask.low.nonzeroBitCount
            interfaces[place].addresses.append(.init(address: address, prefixLength: prefixLength))
        }
        return interfaces
    }
}

extension IPAddress {
    /// The address in a socket address; `nil` if that is of another family.
    init?(_ socketAddress: UnsafeMutablePointer<sockaddr>?) {
        guard let socketAddress else { return nil }
        let raw = UnsafeRawPointer(socketAddress)
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            let bits = raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
            self.init(ipv4: UInt32(bigEndian: bits))
        case AF_INET6:
            let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            let high = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let low = raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            self.init(ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
        default:
            return nil
        }
    }
}
