// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Logging
import NetworkTypes
import Synchronization
import TestSupport
import Testing

/// One at a time: they measure times.
@Suite("A large page", .serialized) final class LargePageTests: Sendable {
    private static let line = String(repeating: "x", count: 999) + "\n"
    private static let lineCount = 8_000
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func page() -> PageContent {
        var page = PageContent()
        for _ in 0..<lineCount { page.append(line) }
        return page
    }

    /// Counts the copies of a page that were made, and that are still in memory.
    private final class Copies: Sendable {
        private let counts = Mutex((made: 0, alive: 0, most: 0))

        func make() -> HTTPAnswer {
            counts.withLock { counts in
                counts.made += 1
                counts.alive += 1
                counts.most = max(counts.most, counts.alive)
            }
            return .text(page())
        }

        func release() { counts.withLock { $0.alive -= 1 } }

        var made: Int { counts.withLock { $0.made } }
        var alive: Int { counts.withLock { $0.alive } }
        var most: Int { counts.withLock { $0.most } }
    }

    private let copies = Copies()
    private let refusals = Mutex<[HTTPRefusal: Int]>([:])
    private let log = LogRecorder()

    private func serving(
        readerLimit: Int = 16, patience: Duration = .seconds(30), limits: HTTPLimits = HTTPLimits(),
        _ body: (UInt16) async throws -> Void
    ) async throws {
        let shared = SharedPage(
            readerLimit: readerLimit, patience: patience, onRelease: copies.release, make: copies.make)
        let server = try await HTTPServer.bind(
            ListenAddress(.loopback(.ipv4), 0), limits: limits,
            refusals: HTTPRefusals(log.logger) { refusal in self.refusals.withLock { $0[refusal, default: 0] += 1 } },
            logger: log.logger
        ) { _ in
            do {
                return try await shared.answer()
            } catch {
                return .text("\(error)\n", status: 503)
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            try await body(server.address.port)
            group.cancelAll()
        }
    }

    @Test("is cut into pieces of one size, whatever is appended")
    func pieces() {
        let page = Self.page()
        #expect(page.count == Self.lineCount * 1000)
        #expect(page.pieces.dropLast().allSatisfy { $0.count == PageContent.pieceSize })
        #expect(page.bytes == Array(String(repeating: Self.line, count: Self.lineCount).utf8))
        #expect(page.isLarge && !PageContent("ok").isLarge && !PageContent("").isLarge)
        #expect(PageContent(pieces: [[], [1], [2, 3]]).pieces == [[1], [2, 3]])
    }

    @Test("arrives whole, also at clients that read slowly, and one after the other gets it anew")
    func wholeness() async throws {
        try await serving { port in
            for number in 1...2 {
                #expect(await Wire.ask(port)?.body.utf8.count == Self.lineCount * 1000)
                #expect(copies.made == number)
            }
            #expect(await Wire.ask(port, method: "HEAD")?.headers["Content-Length"] == "\(Self.lineCount * 1000)")
            let slow = await Wire.run { () -> Int? in
                guard let client = try? RawClient(port: port, receiveBuffer: 64 << 10) else { return nil }
                client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.readSlowly(100_000, pause: 2000)
            }
            #expect(slow ?? 0 > Self.lineCount * 1000)
        }
        #expect(copies.alive == 0)
        #expect(log.warnings.isEmpty)
    }

    @Test("is in memory once for all clients that do not read, and those beyond a limit are refused")
    func crowd() async throws {
        try await serving { port in
            let clients = try (0..<60).map { _ in try RawClient(port: port, receiveBuffer: 64 << 10) }
            for client in clients { client.send(Self.request) }
            let heads = await Wire.run { clients.map { $0.read(12) } }
            #expect(heads.count { $0 == "HTTP/1.1 200" } == 16, "made \(copies.made)")
            #expect(heads.count { $0 == "HTTP/1.1 503" } == 44)
            #expect(copies.most == 1)
            #expect(refusals.withLock { $0 } == [.tooManyReaders: 44])
            #expect(log.warnings.count == 1)
            #expect(
                log.warnings.first?.hasSuffix(
                    """
                    too many clients read a large page at once; further ones get status 503; further cases are counted in \
                    kubetables_http_refusals_total{reason="too_many_readers"}
                    """) == true)
        }
        #expect(copies.alive == 0)
    }

    @Test("is not kept from others by clients that do not read: they lose their connection")
    func patience() async throws {
        try await serving(patience: .milliseconds(1500)) { port in
            let silent = try (0..<15).map { _ in try RawClient(port: port, receiveBuffer: 64 << 10) }
            for client in silent { client.send(Self.request) }
            await Wire.run { for client in silent { client.waitForBytes() } }
            try await Task.sleep(for: .milliseconds(1100))
            #expect(await Wire.ask(port)?.body.utf8.count == Self.lineCount * 1000)
            #expect(copies.made == 2 && copies.most == 1)
            let received = await Wire.run { silent[0].readToEnd()?.utf8.count }
            #expect(received ?? .max < Self.lineCount * 1000)
        }
    }

    @Test("is soon there for others if clients that read nothing fill all places; as many wait as there are places")
    func crowdedPlaces() async throws {
        try await serving(readerLimit: 2) { port in
            let silent = try (0..<2).map { _ in try RawClient(port: port, receiveBuffer: 64 << 10) }
            for client in silent { client.send(Self.request) }
            await Wire.run { for client in silent { client.waitForBytes() } }
            try await Task.sleep(for: .milliseconds(1100))
            let start = ContinuousClock.now
            let lengths = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<2 { group.addTask { await Wire.ask(port)?.body.utf8.count } }
                try await Task.sleep(for: .milliseconds(200))
                let refused = await Wire.ask(port)
                #expect(refused?.status == 503)
                #expect(refused?.body.hasPrefix("2 clients are reading this page already, which is the most") == true)
                #expect(start.duration(to: .now) < .milliseconds(800))
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(lengths == [Self.lineCount * 1000, Self.lineCount * 1000])
            // The clients that do not read would have had 30 seconds.
            #expect(start.duration(to: .now) < .seconds(10))
            #expect(copies.made == 2 && copies.most == 1)
            #expect(refusals.withLock { $0 } == [.tooManyReaders: 1, .unreadAnswer: 2])
            #expect(silent.count == 2)
        }
        #expect(copies.alive == 0)
    }

    @Test("goes to another client in place of one that takes nothing for two seconds")
    func replacement() async throws {
        let copy = SharedPage(readerLimit: 1, make: copies.make)
        let kept = try await copy.answer()
        let server = try await HTTPServer.bind(ListenAddress(.loopback(.ipv4), 0), logger: log.logger) { _ in kept }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            let silent = try RawClient(port: server.address.port, receiveBuffer: 64 << 10)
            silent.send(Self.request)
            await Wire.run { silent.waitForBytes() }
            #expect(await Wire.ask(server.address.port)?.status == 503)
            try await Task.sleep(for: .milliseconds(2200))
            #expect(await Wire.ask(server.address.port)?.status == 200)
            group.cancelAll()
        }
    }

    @Test("must be read within a time, however steadily")
    func trickle() async throws {
        try await serving(limits: HTTPLimits(answerTime: .milliseconds(500))) { port in
            let received = await Wire.run { () -> Int? in
                guard let client = try? RawClient(port: port, receiveBuffer: 64 << 10) else { return nil }
                client.send(Self.request)
                return client.readSlowly(10_000, pause: 5000)
            }
            #expect(received ?? .max < Self.lineCount * 1000)
            #expect(refusals.withLock { $0 } == [.unreadAnswer: 1])
        }
        #expect(copies.alive == 0)
    }
}
