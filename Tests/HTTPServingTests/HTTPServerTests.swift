// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServing
import Logging
import NetworkTypes
import Synchronization
import TestSupport
import Testing

/// One at a time: they measure times, and some send much.
@Suite("The HTTP server", .serialized) struct HTTPServerTests {
    static let local = ListenAddress(.loopback(.ipv4), 0)
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a server while `body` runs.
    static func running(
        limits: HTTPLimits = HTTPLimits(), _ respond: @escaping HTTPServer.Respond,
        _ body: (UInt16) async throws -> Void
    ) async throws {
        let server = try await HTTPServer.bind(local, limits: limits, logger: logger, respond: respond)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            try await body(server.address.port)
            group.cancelAll()
        }
    }

    static let echo: HTTPServer.Respond = { .text("you asked for \($0.path)\n") }

    @Test("answers GET, and HEAD with the same headers and no body")
    func methods() async throws {
        try await Self.running(Self.echo) { port in
            let page = try #require(await Wire.ask(port, "/a?b=c"))
            #expect(page.status == 200)
            #expect(page.body == "you asked for /a\n")
            #expect(page.headers["Content-Type"] == "text/plain; charset=utf-8")
            #expect(page.headers["X-Content-Type-Options"] == "nosniff")
            #expect(page.headers["Date"]?.hasSuffix(" GMT") == true)
            let head = try #require(await Wire.ask(port, "/a", method: "HEAD"))
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.headers["Content-Length"] == "17")
            let put = try #require(await Wire.ask(port, "/a", method: "PUT"))
            #expect(put.status == 405)
            #expect(put.headers["Allow"] == "GET, HEAD")
        }
    }

    @Test("probes are answered whatever they send, and their connection is closed then")
    func probes() async throws {
        let server = try await HTTPServer.bind(
            Self.local, clients: .probes, logger: Self.logger, respond: Self.echo)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let requests = [
                "OPTIONS / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            ]
            for request in requests {
                let text = await Wire.run { () -> String? in
                    guard let client = try? RawClient(port: server.address.port) else { return nil }
                    client.send(request)
                    return client.readToEnd()
                }
                let answer = text.flatMap { WireAnswer($0) }
                #expect(answer?.status == 200, "\(request)")
                #expect(answer?.body == "you asked for /\n")
                #expect(answer?.headers["Connection"] == "close")
            }
            #expect(await Wire.ask(server.address.port, method: "HEAD")?.body == "")
            group.cancelAll()
        }
    }

    @Test("answers many requests on one connection, and many connections at once")
    func connections() async throws {
        try await Self.running(Self.echo) { port in
            let text = await Wire.run {
                guard let client = try? RawClient(port: port) else { return "" }
                client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                return client.read(until: "/2\n")
            }
            #expect(text.contains("for /1\n") && text.contains("for /2\n"))
            let statuses = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<40 { group.addTask { await Wire.ask(port, "/\(number)")?.status } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 40))
        }
    }

    @Test("refuses bodies unread, however they come")
    func bodies() async throws {
        try await Self.running(Self.echo) { port in
            for header in ["Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"] {
                let answer = try #require(await Wire.ask(port, "/", method: "POST", headers: header))
                #expect(answer.status == 413)
                #expect(answer.headers["Connection"] == "close")
            }
        }
    }

    static func send(_ request: String, to port: UInt16) async -> WireAnswer? {
        await Wire.run { () -> WireAnswer? in
            guard let client = try? RawClient(port: port) else { return nil }
            client.send(request)
            return client.readToEnd().flatMap { WireAnswer($0) }
        }
    }

    private static let missingHost = "the header Host is missing: HTTP/1.1 requires it\n"
    private static let manyHosts = "more than one header Host: send it once\n"
    private static let malformedHost = "malformed header Host: must be HOST or HOST:PORT\n"
    private static let otherHost = "the request's target and its header Host name different hosts\n"
    private static let invalidTarget = "invalid request target: must be a path, or http:// with a host and a path\n"

    @Test(
        "requests without a host, with several ones, or with what is none are refused, by all servers",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", missingHost), ("GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", missingHost),
            ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", manyHosts),
            ("GET / HTTP/1.1\r\nHost: evil\r\nhOST: localhost\r\n\r\n", manyHosts),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", manyHosts),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", manyHosts),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:x\r\n\r\n", malformedHost),
            ("GET / HTTP/1.1\r\nHost: localhost:10249 evil\r\n\r\n", malformedHost),
            ("GET / HTTP/1.1\r\nHost: localhost, evil\r\n\r\n", malformedHost),
            ("GET / HTTP/1.0\r\nHost: localhost@evil\r\n\r\n", malformedHost),
            ("GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n", otherHost),
            ("GET http://localhost/ HTTP/1.1\r\nHost: localhost:80\r\n\r\n", otherHost),
            ("GET http://a@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", invalidTarget),
            ("GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", invalidTarget),
            ("GET http://localhost/ HTTP/1.1\r\n\r\n", missingHost),
        ])
    func hosts(request: String, reason: String) async throws {
        for clients in [HTTPServer.Clients.readers, .probes] {
            let server = try await HTTPServer.bind(
                Self.local, clients: clients, logger: Self.logger, respond: Self.echo)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await server.run() }
                let answer = await Self.send(request, to: server.address.port)
                #expect(answer?.status == 400)
                #expect(answer?.body == reason)
                #expect(answer?.headers["Connection"] == "close")
                group.cancelAll()
            }
        }
    }

    @Test("the host of a request is that of its target, or its header; HTTP/1.0 needs none")
    func localHosts() async throws {
        let respond: HTTPServer.Respond = { .text("\($0.path) \($0.isAddressedLocally)") }
        try await Self.running(respond) { port in
            for (request, body) in [
                ("GET /a HTTP/1.0\r\n\r\n", "/a true"), ("GET /a HTTP/1.0\r\nHost: evil\r\n\r\n", "/a false"),
                ("GET http://evil/a HTTP/1.0\r\n\r\n", "/a false"),
                ("GET http://127.0.0.1:1/a HTTP/1.0\r\n\r\n", "/a true"),
                ("GET http://Localhost:1/a HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n", "/a true"),
                ("GET http://evil/a HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", "/a false"),
                ("GET /a HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "/a false"),
            ] {
                #expect(await Self.send(request, to: port)?.body == body, "\(request)")
            }
        }
    }

    @Test("what is wrong with a request that cannot be read is in the answer, with the limits")
    func unreadable() async throws {
        try await Self.running(limits: HTTPLimits(headerBytes: 4096, headerCount: 20), Self.echo) { port in
            let tooLarge =
                "the request is too large: its path and all its headers may have up to 4096 bytes each, and there may be up "
                + "to 20 headers\n"
            let long = String(repeating: "x", count: 5000)
            for (request, body) in [
                ("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", tooLarge),
                ("GET / HTTP/1.1\r\nHost: a\r\nLong: \(long)\r\n\r\n", tooLarge),
                ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "A: b\r\n", count: 30))\r\n", tooLarge),
                ("nonsense\r\n\r\n", "invalid HTTP request\n"),
            ] {
                let answer = await Self.send(request, to: port)
                #expect(answer?.status == 400)
                #expect(answer?.body == body, "\(request.prefix(40))")
                #expect(answer?.headers["Content-Type"] == "text/plain; charset=utf-8")
            }
        }
    }

    @Test("probes are answered while all threads that tasks share are busy")
    func busyThreads() async throws {
        let server = try await HTTPServer.bind(
            Self.local, clients: .probes, logger: Self.logger, respond: Self.echo)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let port = server.address.port
            let time = await Wire.run { () -> Duration? in
                for _ in 0..<sysconf(Int32(_SC_NPROCESSORS_ONLN)) { Task.detached { usleep(500_000) } }
                // By now they have all threads.
                usleep(50_000)
                let start = ContinuousClock.now
                guard let client = try? RawClient(port: port) else { return nil }
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return client.read(until: "for /\n").isEmpty ? nil : start.duration(to: .now)
            }
            #expect(time.map { $0 < .milliseconds(400) } == true, "\(String(describing: time))")
            group.cancelAll()
        }
    }

    @Test("DELETE is for the paths that may be reset")
    func resets() async throws {
        let server = try await HTTPServer.bind(
            Self.local, resettable: ["/r"], logger: Self.logger, respond: { .text("\($0.isReset)") })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let port = server.address.port
            #expect(await Wire.ask(port, "/r", method: "DELETE")?.body == "true")
            #expect(await Wire.ask(port, "/r")?.body == "false")
            #expect(await Wire.ask(port, "/r", method: "PUT")?.headers["Allow"] == "GET, HEAD, DELETE")
            #expect(await Wire.ask(port, "/x", method: "DELETE")?.status == 405)
            group.cancelAll()
        }
    }

    @Test("each kind of trouble is logged once, and then counted")
    func refusals() async throws {
        let log = LogRecorder()
        let counts = Mutex<[HTTPRefusal: Int]>([:])
        let server = try await HTTPServer.bind(
            Self.local, limits: HTTPLimits(connections: 4, idleTime: .milliseconds(200)),
            refusals: HTTPRefusals(log.logger) { refusal in counts.withLock { $0[refusal, default: 0] += 1 } },
            logger: Self.logger, respond: Self.echo)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            for _ in 0..<3 {
                let end = await Wire.run { () -> String? in
                    guard let client = try? RawClient(port: server.address.port) else { return nil }
                    client.send("GET / HT")
                    return client.readToEnd()
                }
                #expect(end == "")
            }
            let crowd = try (0..<6).map { _ in try RawClient(port: server.address.port) }
            for _ in 0..<500 where counts.withLock({ $0[.tooManyConnections] ?? 0 }) < 2 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(crowd.count == 6)
            #expect(counts.withLock { $0 } == [.unfinishedRequest: 3, .tooManyConnections: 2])
            #expect(log.warnings.count == 2)
            group.cancelAll()
        }
    }

    @Test("connections that arrive while it stops are answered or closed, and do no harm")
    func arrivalsAtTheEnd() async throws {
        for _ in 0..<60 {
            try await Self.running(Self.echo) { port in
                // They are accepted by the kernel already, and by the server at any time from now on.
                let clients = (0..<40).compactMap { _ in try? RawClient(port: port) }
                for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
                #expect(clients.count == 40)
            }
        }
    }

    @Test("a port in use is an error that names the address and what to do; it is free again after the end")
    func ports() async throws {
        let first = try await HTTPServer.bind(Self.local, logger: Self.logger, respond: Self.echo)
        let address = first.address
        #expect(address.port != 0)
        let failure = await #expect(throws: ListenFailure.self) {
            _ = try await HTTPServer.bind(address, logger: Self.logger, respond: Self.echo)
        }
        #expect(failure == ListenFailure(address, .portInUse))
        let text = "cannot listen on 127.0.0.1:\(address.port): the port is already in use"
        #expect(failure?.description.hasPrefix(text) == true)
        await first.close()
        let second = try await HTTPServer.bind(address, logger: Self.logger, respond: Self.echo)
        let task = Task { await second.run() }
        #expect(await Wire.ask(address.port)?.status == 200)
        task.cancel()
        await task.value
        await (try await HTTPServer.bind(address, logger: Self.logger, respond: Self.echo)).close()
        let elsewhere = ListenAddress(IPAddress(ipv4: 0xc633_6401), 0)
        let missing = await #expect(throws: ListenFailure.self) {
            _ = try await HTTPServer.bind(elsewhere, logger: Self.logger, respond: Self.echo)
        }
        #expect(missing?.reason == .noSuchAddress)
    }

    @Test("both families can have one port")
    func families() async throws {
        let first = try await HTTPServer.bind(
            ListenAddress(IPAddress(ipv4: 0), 0), logger: Self.logger, respond: Self.echo)
        let other = ListenAddress(IPAddress("::")!, first.address.port, isIPv6Only: true)
        await (try await HTTPServer.bind(other, logger: Self.logger, respond: Self.echo)).close()
        #expect(other.description == "[::]:\(first.address.port)")
        await first.close()
    }

    @Test("stops soon, whatever clients do, and not when their idle time is over")
    func stopping() async throws {
        let large = String(repeating: "x", count: 32 << 20)
        let clients = Mutex<[RawClient]>([])
        let elapsed = try await ContinuousClock().measure {
            let limits = HTTPLimits(connections: 400)
            try await Self.running(limits: limits, { $0.path == "/" ? .text(large) : .text("ok") }) { port in
                let nonsense = "GET /" + String(repeating: "x", count: 1 << 20)
                for number in 0..<300 {
                    let client = try RawClient(port: port)
                    client.send(number < 60 ? nonsense : "GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
                    clients.withLock { $0.append(client) }
                }
                // One sends nothing, one does not read its answer, one does not read any of many answers.
                let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                for request in ["", request, String(repeating: request, count: 100)] {
                    let client = try RawClient(port: port)
                    client.send(request)
                    clients.withLock { $0.append(client) }
                }
                try await Task.sleep(for: .milliseconds(300))
            }
        }
        #expect(clients.withLock(\.count) == 303)
        #expect(elapsed < .seconds(30))
    }
}
