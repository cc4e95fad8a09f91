// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A client over a bare socket, which can be as slow and as rude as a test needs.
///
/// It blocks its thread, so calls go through ``Wire/run(_:)``.
package final class RawClient: Sendable {
    private let socket: Int32

    /// Connects to 127.0.0.1.
    ///
    /// - Parameter receiveBuffer: the bytes that the kernel keeps for a client that does not read; `nil` for some megabytes.
    package init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        if var size = receiveBuffer {
            setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { close(socket) }

    /// Whether the other side has closed the connection and nothing is left to read.
    package var isEnded: Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK)) == 0
    }

    /// Sends bytes; does nothing if the connection is closed.
    ///
    /// - Returns: whether they were sent.
    @discardableResult package func send(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) == $0.count }
    }

    /// Sends bytes again and again, with a pause after each time.
    ///
    /// - Returns: whether the other side closed the connection within five seconds.
    package func sendUntilClosed(_ text: String, pause microseconds: UInt32) -> Bool {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            guard send(text) else { return true }
            usleep(microseconds)
        }
        return false
    }

    /// Reads a few bytes again and again, with a pause after each time, until the other side closes.
    ///
    /// - Returns: the number of bytes; `nil` if it does not close within five seconds.
    package func readSlowly(_ size: Int, pause microseconds: UInt32) -> Int? {
        let deadline = ContinuousClock.now + .seconds(5)
        var buffer = [UInt8](repeating: 0, count: size)
        var total = 0
        while ContinuousClock.now < deadline {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return total }
            total += count
            usleep(microseconds)
        }
        return nil
    }

    /// Waits until there is something to read, for five seconds at most; reads nothing.
    package func waitForBytes() {
        var event = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        poll(&event, 1, 5000)
    }

    /// Reads until the other side closes; `nil` if it does not within five seconds.
    package func readToEnd() -> String? {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0 { return errno == ECONNRESET ? String(decoding: all, as: UTF8.self) : nil }
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    /// Reads so many bytes, or what comes within five seconds.
    package func read(_ count: Int) -> String {
        var buffer = [UInt8](repeating: 0, count: count)
        let received = recv(socket, &buffer, count, Int32(MSG_WAITALL))
        return String(decoding: buffer.prefix(max(0, received)), as: UTF8.self)
    }

    /// Reads what is there within five seconds, at least until `text` has come.
    package func read(until text: String) -> String {
        var all = ""
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !all.contains(text) {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            all += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return all
    }
}

/// An HTTP answer as it was received.
package struct WireAnswer {
    package let status: Int
    package let headers: [String: String]
    package let body: String

    package init?(_ text: String) {
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        guard let status = Int(lines[0].split(separator: " ")[1]) else { return nil }
        self.status = status
        headers = Dictionary(
            lines.dropFirst().map { line in
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                return (String(line[..<colon]), line[colon...].dropFirst(2).description)
            }, uniquingKeysWith: { $0 + ", " + $1 })
        body = String(text[end.upperBound...])
    }
}

/// Requests to 127.0.0.1, away from the threads that tasks run on.
package enum Wire {
    /// Runs what blocks, on a thread of its own: there are few of those that tasks share.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// Asks once; `nil` without an answer.
    ///
    /// - Parameter host: the header `Host`.
    package static func ask(
        _ port: UInt16, _ path: String = "/", method: String = "GET", host: String = "localhost", headers: String = ""
    ) async -> WireAnswer? {
        await run {
            guard let client = try? RawClient(port: port) else { return nil }
            client.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\(headers)\r\n")
            return client.readToEnd().flatMap { WireAnswer($0) }
        }
    }
}
