// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import SyntheticCluster

/// How long connections take to open, one after the other: to a Service of the cluster whose rules this namespace has, by way
/// of an endpoint that this process is itself.
struct ConnectionTimes {
    /// Enough for a median that hardly varies; each has a source port of its own, so that none belongs to an earlier flow.
    static let count = 4_000
    /// The node's address, and all endpoints of a synthetic cluster.
    private static let source = "192.168.50.10"
    private static let endpoints = "10.0.0.0/8"

    private let destination: sockaddr_in
    private let firstPort: UInt16

    /// - Parameters:
    ///   - destination: ADDRESS:PORT.
    ///   - port: the first source port.
    init(to destination: String, fromPort port: String) throws(BenchError) {
        guard let destination = AddressPort(destination), destination.address.family == .ipv4 else {
            throw BenchError("invalid destination \"\(destination)\": must be an IPv4 address and a port", exitCode: 64)
        }
        guard let port = UInt16(port), Int(port) + Self.count <= Int(UInt16.max) else {
            throw BenchError("invalid source port \"\(port)\": must be 0–\(Int(UInt16.max) - Self.count)", exitCode: 64)
        }
        self.destination = try Self.place("\(destination.address)", destination.port)
        firstPort = port
    }

    /// Prints the median of the time from the first packet to the answer.
    ///
    /// connect(2) returns when the handshake is complete: over the loopback interface the other side answers at once, so that
    /// little but the way of the packets through the kernel is measured.
    func print() throws(BenchError) {
        try PrivateNamespace.require()
        let listener = try Self.socket()
        defer { close(listener) }
        try Self.bind(listener, Self.place("0.0.0.0", SyntheticCluster.targetPort))
        guard listen(listener, SOMAXCONN) == 0 else { throw Self.failure("listen") }
        var times: [Double] = []
        for number in 0..<UInt16(Self.count) { times.append(try connect(from: firstPort + number, listener)) }
        Swift.print("median", Samples(times).median)
    }

    private func connect(from port: UInt16, _ listener: Int32) throws(BenchError) -> Double {
        let client = try Self.socket()
        defer { close(client) }
        try Self.bind(client, Self.place(Self.source, port))
        // Neither side waits for late packets, so that the next measurement finds the port free.
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        let clock = ContinuousClock()
        let start = clock.now
        let status = Self.with(destination) { Glibc.connect(client, $0, $1) }
        let time = clock.now - start
        guard status == 0 else { throw Self.failure("connect") }
        let server = accept(listener, nil, nil)
        guard server >= 0 else { throw Self.failure("accept") }
        close(server)
        return time / .seconds(1)
    }

    /// The commands that let this namespace be a node that is client and endpoint as well.
    ///
    /// The kernel needs a route to the address of a Service before it asks the rules.
    static let preparation = [
        ["ip", "link", "set", "lo", "up"],
        ["ip", "address", "replace", "\(source)/32", "dev", "lo"],
        ["ip", "route", "replace", "default", "dev", "lo", "src", source],
        ["ip", "route", "replace", "local", endpoints, "dev", "lo"],
    ]

    // MARK: Sockets

    private static func socket() throws(BenchError) -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket") }
        return descriptor
    }

    private static func bind(_ descriptor: Int32, _ place: sockaddr_in) throws(BenchError) {
        guard with(place, { Glibc.bind(descriptor, $0, $1) }) == 0 else { throw failure("bind") }
    }

    private static func place(_ address: String, _ port: UInt16) throws(BenchError) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            throw BenchError("invalid IPv4 address \"\(address)\"", exitCode: 64)
        }
        return place
    }

    private static func with(_ place: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var place = place
        return withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func failure(_ what: String) -> BenchError {
        BenchError("\(what): \(String(cString: strerror(errno)))")
    }
}
