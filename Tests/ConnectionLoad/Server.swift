// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A server on all addresses that answers each request at once, and keeps those connections open that ask for it.
struct Server {
    private let listener: Int32
    private let name: String
    /// How long the rest of a request may take, in seconds.
    private static let patience = 5
    private static let backlog: Int32 = 4096

    init(port: UInt16, name: String) {
        self.name = name
        var listener = Self.listen(AF_INET6, port)
        if listener < 0 { listener = Self.listen(AF_INET, port) }
        guard listener >= 0 else { fail("cannot listen on port \(port): \(String(cString: strerror(errno)))") }
        self.listener = listener
        report("listening")
    }

    private static func listen(_ family: Int32, _ port: UInt16) -> Int32 {
        let descriptor = socket(
            family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        // All zeros but the family and the port: every address of this family, and with IPv6 those of IPv4 as well.
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(family)
        address.sin6_port = port.bigEndian
        let length = family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        let isListening = withUnsafeBytes(of: &address) { bytes in
            bytes.baseAddress.map {
                bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(length)) == 0
                    && Glibc.listen(descriptor, backlog) == 0
            } ?? false
        }
        if !isListening { close(descriptor) }
        return isListening ? descriptor : -1
    }

    /// Answers until the process ends.
    func run() -> Never {
        let queue = EventQueue()
        queue.insert(listener)
        while true {
            for descriptor in queue.next() {
                if descriptor == listener { accept(into: queue) } else { answer(descriptor) }
            }
        }
    }

    private func accept(into queue: EventQueue) {
        while case let connection = Glibc.accept(listener, nil, nil), connection >= 0 {
            connection.limitWaits(to: Self.patience)
            queue.insert(connection)
        }
    }

    /// Answers a request, and ends the connection unless it is to stay open.
    private func answer(_ connection: Int32) {
        var request = ""
        while !Exchange.isComplete(request: request) {
            guard let more = connection.receiveText(), !more.isEmpty else {
                close(connection)
                return
            }
            request += more
        }
        let keepsOpen = Exchange.keepsOpen(request)
        let isSent = connection.sendText(Exchange.answer(name, keepsOpen: keepsOpen))
        if !keepsOpen || !isSent { close(connection) }
    }
}
