// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where connections go to.
struct Destination {
    private let family: Int32
    private let bytes: [UInt8]

    /// Reads `ADDRESS:PORT`, an IPv6 address in brackets.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(String(host), String(text[text.index(after: colon)...]), &hints, &found) == 0,
            let info = found
        else { return nil }
        defer { freeaddrinfo(found) }
        family = info.pointee.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: info.pointee.ai_addr, count: Int(info.pointee.ai_addrlen)))
    }

    /// A socket that connects to it; `nil` if that fails at once.
    ///
    /// - Parameter waits: whether the connection is open when this ends, and each later operation waits as well.
    func connect(waits: Bool) -> Int32? {
        let descriptor = socket(
            family,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | (waits ? 0 : Int32(SOCK_NONBLOCK.rawValue)),
            0)
        guard descriptor >= 0 else { return nil }
        if waits { descriptor.limitWaits(to: 10) }
        let status = bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map {
                Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
        }
        guard status == 0 || errno == EINPROGRESS && !waits else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}

/// What is done with the descriptors of connections.
extension Int32 {
    /// Lets each operation wait for so many seconds at most.
    func limitWaits(to seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(self, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Sends a short text; gives back whether the kernel took it.
    func sendText(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { send(self, $0.baseAddress, $0.count, 0) == $0.count }
    }

    /// What has arrived: nothing at the end of the connection, `nil` if it cannot be read.
    func receiveText() -> String? {
        withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { bytes in
            let count = recv(self, bytes.baseAddress, bytes.count, 0)
            return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
        }
    }
}
