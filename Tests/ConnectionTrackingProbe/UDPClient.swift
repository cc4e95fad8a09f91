// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import SystemPackage

/// Sends a datagram and waits for the answer.
///
/// With one source port all questions belong to one flow, however many processes ask.
enum UDPClient {
    private static let patienceInSeconds = 2

    /// The answer's first line; `refused` if an ICMP error came instead, `silence` if nothing.
    static func ask(_ address: IPAddress, port: UInt16, from sourcePort: UInt16) -> String {
        let descriptor = socket(
            address.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: patienceInSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard withSocketAddress(address.family, nil, sourcePort, { bind(descriptor, $0, $1) }) == 0,
            withSocketAddress(address.family, address, port, { connect(descriptor, $0, $1) }) == 0
        else { return "no socket: \(Errno(rawValue: errno))" }

        guard send(descriptor, "?", 1, 0) == 1 else { return errno == ECONNREFUSED ? "refused" : "not sent" }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let length = recv(descriptor, &bytes, bytes.count, 0)
        guard length >= 0 else { return errno == ECONNREFUSED ? "refused" : "silence" }
        return String(decoding: bytes.prefix(length).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func withSocketAddress(
        _ family: IPFamily, _ address: IPAddress?, _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var storage = sockaddr_storage()
        return withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            let length: Int
            switch family {
            case .ipv4:
                let bits = UInt32(truncatingIfNeeded: address?.low ?? 0)
                base.storeBytes(
                    of: sockaddr_in(
                        sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
                        sin_addr: in_addr(s_addr: bits.bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)),
                    as: sockaddr_in.self)
                length = MemoryLayout<sockaddr_in>.size
            case .ipv6:
                var value = sockaddr_in6()
                value.sin6_family = sa_family_t(AF_INET6)
                value.sin6_port = port.bigEndian
                withUnsafeMutableBytes(of: &value.sin6_addr) { target in
                    target.storeBytes(of: (address?.high ?? 0).bigEndian, as: UInt64.self)
                    target.storeBytes(of: (address?.low ?? 0).bigEndian, toByteOffset: 8, as: UInt64.self)
                }
                base.storeBytes(of: value, as: sockaddr_in6.self)
                length = MemoryLayout<sockaddr_in6>.size
            }
            return body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }
}
