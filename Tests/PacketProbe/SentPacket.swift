// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes

/// The first packet of a connection, sent from a port of its own, and what its sender learns.
final class SentPacket {
    private let transport: TransportProtocol
    private let descriptor: Int32
    /// Whether the kernel refused to send it at all.
    private(set) var isUnsent = false

    /// Sends the packet, in the network namespace of this thread.
    init(_ transport: TransportProtocol, from source: AddressPort, to destination: AddressPort) {
        self.transport = transport
        let family = source.address.family == .ipv4 ? AF_INET : AF_INET6
        let (type, number): (Int32, Int32) =
            switch transport {
            case .tcp: (Int32(SOCK_STREAM.rawValue), 0)
            case .udp: (Int32(SOCK_DGRAM.rawValue), 0)
            // Without a module for sockets of SCTP.
            case .sctp: (Int32(SOCK_RAW.rawValue), Int32(transport.number))
            }
        descriptor = socket(family, type | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), number)
        let isRaw = transport == .sctp
        let own = AddressPort(source.address, isRaw ? 0 : source.port)
        let other = AddressPort(destination.address, isRaw ? 0 : destination.port)
        guard descriptor >= 0, own.withSocketAddress({ bind(descriptor, $0, $1) }) == 0,
            other.withSocketAddress({ connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS
        else {
            isUnsent = true
            return
        }
        let bytes = isRaw ? SCTPInit.bytes(from: source.port, to: destination.port) : [0x3f]
        if transport != .tcp, send(descriptor, bytes, bytes.count, 0) < 0 { isUnsent = errno != ECONNREFUSED }
    }

    deinit { close(descriptor) }

    /// Whether an error has come back: a port without a server, or a rule that rejects.
    var isRefused: Bool {
        var (error, length): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error == ECONNREFUSED
    }
}

/// The packet that begins an association (RFC 9260, section 3.3.2).
enum SCTPInit {
    static func bytes(from source: UInt16, to destination: UInt16) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let ports = word(UInt32(source) << 16 | UInt32(destination))
        let chunk: [UInt8] = [1, 0, 0, 20] + word(0x1234_5678) + word(65_536) + [0, 1, 0, 1] + word(1)
        let sum = checksum(ports + word(0) + word(0) + chunk)
        return ports + word(0) + word(sum.byteSwapped) + chunk
    }

    /// CRC32c (appendix A), the lowest byte first on the wire.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0x82f6_3b78) }
        }
    }
}

extension AddressPort {
    fileprivate func withSocketAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        switch address.family {
        case .ipv4:
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
            return withUnsafeBytes(of: &value) { Self.call(body, $0) }
        case .ipv6:
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) { bytes in
                bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return withUnsafeBytes(of: &value) { Self.call(body, $0) }
        }
    }

    private static func call(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32, _ bytes: UnsafeRawBufferPointer
    ) -> Int32 {
        guard let base = bytes.baseAddress else { return -1 }
        return body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
}
