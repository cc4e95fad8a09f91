import Glibc
import NetworkTypes

/// What the machine itself says, where neither options nor objects do.
public enum HostFacts {
    /// The machine's name in lower case, as kube-proxy takes it for the node's name.
    public static var hostname: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// The addresses of all interfaces of this network namespace, loopback included.
    public static var interfaceAddresses: [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0, let first = list else { return [] }
        defer { freeifaddrs(first) }
        return sequence(first: first) { $0.pointee.ifa_next }.compactMap { address(of: $0.pointee) }
    }

    private static func address(of interface: ifaddrs) -> IPAddress? {
        guard let socketAddress = interface.ifa_addr else { return nil }
        let raw = UnsafeRawPointer(socketAddress)
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            let bits = raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
            return IPAddress(ipv4: UInt32(bigEndian: bits))
        case AF_INET6:
            let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            let high = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let low = raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            return IPAddress(ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
        default:
            return nil
        }
    }

    /// Whether the kernel lets packets outside of the TCP window pass (`nf_conntrack_tcp_be_liberal`); no if unknown.
    public static var conntrackIsLiberal: Bool {
        let descriptor = open("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var digit: UInt8 = 0
        return read(descriptor, &digit, 1) == 1 && digit != UInt8(ascii: "0")
    }
}
