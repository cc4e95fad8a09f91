// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServing
import Logging
import NetworkTypes
import Synchronization
import TestSupport
import Testing

/// Clients that take more than their share: they send too much, too slowly or without an end, or do not read.
extension HTTPServerTests {
    @Test("a request that does not end loses its connection soon, one that is idle does not", arguments: [true, false])
    func unfinished(forProbes: Bool) async throws {
        #expect(HTTPLimits().requestTime == .seconds(10))
        let limits = HTTPLimits(idleTime: .seconds(60), requestTime: .milliseconds(300))
        let server = try await HTTPServer.bind(
            Self.local, clients: forProbes ? .probes : .readers, limits: limits, logger: Self.logger,
            respond: Self.echo)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let port = server.address.port
            let complete = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            for start in ["G", "GET / HTTP/1.1\r\nHost: a\r\n", complete + "GET / HTTP/1.1\r\n"] {
                let time = await Wire.run { () -> Duration? in
                    guard let client = try? RawClient(port: port) else { return nil }
                    let began = ContinuousClock.now
                    client.send(start)
                    return client.readToEnd().map { _ in began.duration(to: .now) }
                }
                #expect(time.map { $0 < .seconds(3) } == true, "\(start)")
            }
            let (isOpen, answer) = await Wire.run { () -> (Bool, String) in
                guard let silent = try? RawClient(port: port), let idle = try? RawClient(port: port) else {
                    return (false, "")
                }
                if !forProbes {
                    idle.send(complete)
                    _ = idle.read(until: "for /\n")
                }
                usleep(1_000_000)
                idle.send(complete)
                return (!silent.isEnded, idle.read(until: "for /\n"))
            }
            #expect(isOpen)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
            group.cancelAll()
        }
    }

    @Test("of many requests that come at once, few are answered while the client reads nothing")
    func pipelining() async throws {
        let page = String(repeating: "x", count: 32 << 10)
        let count = Mutex(0)
        let respond: HTTPServer.Respond = { _ in
            count.withLock { $0 += 1 }
            return .text(page)
        }
        try await Self.running(respond) { port in
            let client = try RawClient(port: port, receiveBuffer: 64 << 10)
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            client.send(String(repeating: request, count: 400))
            try await Task.sleep(for: .seconds(1))
            // The kernel keeps half a megabyte, and the channel two pages.
            let unread = count.withLock { $0 }
            #expect((1..<40).contains(unread), "\(unread)")
            let all = await Wire.run {
                client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.readToEnd()?.utf8.count ?? 0
            }
            #expect(all > 401 * page.utf8.count)
            #expect(count.withLock { $0 } == 401)
        }
    }

    @Test("who is refused because there is no room loses the connection, and the requests that have come with it")
    func crowdedPages() async throws {
        let count = Mutex(0)
        let respond: HTTPServer.Respond = { _ in
            count.withLock { $0 += 1 }
            return .tooManyReaders("no room")
        }
        try await Self.running(respond) { port in
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let answer = await Self.send(String(repeating: request, count: 400), to: port)
            #expect(answer?.status == 503)
            #expect(answer?.headers["Connection"] == "close")
            #expect(count.withLock { $0 } == 1)
        }
    }

    @Test("closes the connection on requests that are too long in any part, and on nonsense")
    func size() async throws {
        try await Self.running(limits: HTTPLimits(headerBytes: 4096, headerCount: 20), Self.echo) { port in
            let long = String(repeating: "x", count: 5000)
            // The first is more than fits into sockets, so that the client still sends when it is refused.
            let requests = [
                "GET /\(String(repeating: long, count: 4000))", "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nLong: \(long)\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "A: b\r\n", count: 30))\r\n",
                "nonsense\r\n\r\n", long,
            ]
            for request in requests {
                let start = ContinuousClock.now
                let answer = await Wire.run {
                    let client = try? RawClient(port: port)
                    client?.send(request)
                    return client?.readToEnd()
                }
                #expect(start.duration(to: .now) < .seconds(30))
                #expect(answer != nil, "not closed: \(request.prefix(60))")
                #expect(answer?.contains("200 OK") == false)
            }
            #expect(await Wire.ask(port)?.status == 200)
        }
    }

    @Test("silent and slow clients lose their connection")
    func slowness() async throws {
        let limits = HTTPLimits(idleTime: .milliseconds(200))
        try await Self.running(limits: limits, Self.echo) { port in
            let silent = await Wire.run { (try? RawClient(port: port))?.readToEnd() }
            #expect(silent?.isEmpty == true)
            let trickling = await Wire.run { () -> String? in
                guard let client = try? RawClient(port: port) else { return nil }
                for character in "GET / " {
                    client.send(String(character))
                    usleep(60_000)
                }
                return client.readToEnd()
            }
            #expect(trickling?.contains("200 OK") == false)
        }
    }

    /// What comes before, what is repeated, and the pause after each time.
    private static let endlessRequests: [(head: String, more: String, pause: UInt32)] = [
        ("GET / HT", "", 50_000),
        ("", "\r\n", 50_000),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "", 50_000),
        ("GET / HTTP/1.1\r\nHost: a\r\nA: ", "b", 50_000),
        ("GET / HTTP/1.1\r\nHost: a\r\nA: ", String(repeating: "b", count: 10_000), 0),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "0", 50_000),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", String(repeating: "0", count: 10_000), 0),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", String(repeating: "a", count: 10_000),
            0
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", 50_000),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nabcde\r\n", 0),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n", "abcde", 50_000),
    ]

    @Test("requests that never end are cut in every part, for readers and for probes", arguments: [true, false])
    func endlessness(forProbes: Bool) async throws {
        let limits = HTTPLimits(idleTime: .milliseconds(200))
        let server = try await HTTPServer.bind(
            Self.local, clients: forProbes ? .probes : .readers, limits: limits, logger: Self.logger,
            respond: Self.echo)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let port = server.address.port
            for request in Self.endlessRequests {
                let start = ContinuousClock.now
                let isClosed = await Wire.run {
                    guard let client = try? RawClient(port: port) else { return false }
                    client.send(request.head)
                    guard !request.more.isEmpty else { return client.readToEnd() != nil }
                    return client.sendUntilClosed(request.more, pause: request.pause)
                }
                #expect(isClosed, "\(request)")
                #expect(start.duration(to: .now) < .seconds(3), "\(request)")
                #expect(await Wire.ask(port)?.status == 200)
            }
            group.cancelAll()
        }
    }

    @Test("clients that do not read what they asked for lose their connection")
    func stalledReaders() async throws {
        let limits = HTTPLimits(idleTime: .milliseconds(200))
        let large = String(repeating: "x", count: 32 << 20)
        try await Self.running(limits: limits, { _ in .text(large) }) { port in
            let received = await Wire.run {
                guard let client = try? RawClient(port: port) else { return 0 }
                for _ in 0..<3 { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
                client.waitForBytes()
                usleep(1_000_000)
                return client.readToEnd()?.utf8.count ?? large.utf8.count * 3
            }
            #expect(received < large.utf8.count, "\(received)")
        }
    }

    @Test("silent clients cannot keep others out: the connection that waits longest is closed")
    func crowds() async throws {
        try await Self.running(limits: HTTPLimits(connections: 4), Self.echo) { port in
            let (first, answer) = await Wire.run { () -> (String?, String) in
                // This one came first, but has got answers since.
                guard let good = try? RawClient(port: port) else { return (nil, "") }
                good.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = good.read(until: "for /\n")
                guard let first = try? RawClient(port: port) else { return (nil, "") }
                usleep(50_000)
                good.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = good.read(until: "for /\n")
                let others = (0..<3).map { _ in try? RawClient(port: port) }
                let end = first.readToEnd()
                good.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return withExtendedLifetime(others) { (end, good.read(until: "for /\n")) }
            }
            #expect(first?.isEmpty == true)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
            #expect(await Wire.ask(port)?.status == 200)
        }
    }
}
