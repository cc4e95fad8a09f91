// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import ServiceModel
import Synchronization
import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("Following a resource")
struct ReflectorTests {
    @Test("bookmarks of a quiet server count as received, and refusals and garbage do not")
    func silence() async throws {
        try await Rig.run(bookmarks: .milliseconds(20), before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            let before = rig.recorder.current.wordCount
            try await eventually("bookmarks") { rig.recorder.current.wordCount > before + 3 }
            rig.server.inject(.refuse(code: 503, retryAfter: nil), into: .services, times: 3)
            rig.server.inject(.garbage(Array("<html>".utf8)), into: .services, times: 1000)
            rig.server.disturbWatches(of: .services, .drop)
            try await eventually("trouble") { rig.warnings.count == 2 }
            let inTrouble = rig.recorder.current.wordCount
            try await Task.sleep(for: .milliseconds(200))
            #expect(rig.recorder.current.wordCount <= inTrouble + 1)
            rig.server.clearFaults()
            try await eventually("recovered") { rig.recorder.current.wordCount > inTrouble + 5 }
        }
    }

    @Test("lists, then follows what is added, changed and deleted, without listing again")
    func follows() async throws {
        try await Rig.run(before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            try rig.server.put(json: service("b", clusterIP: "10.0.0.2"))
            try await rig.expect("a", "b")
            rig.server.delete(.services, name: "a")
            try await rig.expect("b")
            #expect(rig.server.counts(.services).lists == 1)
            #expect(rig.warnings.isEmpty)
        }
    }

    @Test("lists in pages")
    func pages() async throws {
        var timing = ReflectorTiming.quick
        timing.pageSize = 7
        let services = (0..<50).map { service("s\($0)", clusterIP: "10.0.1.\($0)") }.joined(separator: "\n")
        try await Rig.run(timing: timing, before: { try $0.put(json: services) }) { rig in
            try await eventually("50 services") { rig.recorder.names.count == 50 }
            #expect(rig.recorder.lists == 1)
            #expect(rig.server.counts(.services).pages == 7)
        }
    }

    @Test("sees what kube-proxy sees: no headless Service, none of another proxy")
    func selectors() async throws {
        let foreign = #"{"service.kubernetes.io/service-proxy-name":"x"}"#
        let all = [service("a"), service("headless", clusterIP: "None"), service("foreign", labels: foreign)]
        try await Rig.run(before: { try $0.put(json: all.joined()) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            try rig.server.put(json: service("a", labels: foreign))
            try await rig.expect()
            try rig.server.put(json: service("a"))
            try await rig.expect("a")
        }
    }
}

@Suite("What a reflector makes of an answer")
struct AnswerTests {
    @Test("an object that cannot be read is named, and its last good state stays")
    func unreadable() async throws {
        try await Rig.run(before: { try $0.put(json: service("a") + service("b", port: "70000")) }) { rig in
            try await rig.expect("a")
            let bad = try #require(rig.recorder.current.unreadable.first)
            #expect(bad.name == ObjectName(name: "b"))
            #expect(bad.diagnostics.first?.description.contains("spec.ports[0].port: invalid port 70000") == true)
            try await rig.expectWatch()
            try rig.server.put(json: service("a", port: "-1") + service("c"))
            try await rig.expect("a", "c")
            #expect(rig.recorder.current.unreadable.last?.name == ObjectName(name: "a"))
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b", "c")
            #expect(rig.server.counts(.services).lists == 1)
        }
    }

    @Test("the time that triggered a change comes with it")
    func triggerTime() async throws {
        @Sendable func slice(_ name: String, time: String) -> String {
            """
            {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"\(name)",
             "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"\(time)"}},
             "addressType":"IPv4","endpoints":[{"addresses":["10.1.0.1"]}],"ports":[{"port":80}]}
            """
        }
        try await Rig.run(.endpointSlices) { rig in
            try await rig.expectWatch(.endpointslices)
            let times = ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.25Z", "yesterday"]
            try rig.server.put(json: times.enumerated().map { slice("s\($0.offset)", time: $0.element) }.joined())
            try await rig.expect("s0", "s1", "s2")
            let triggers = rig.recorder.current.objects.compactMapValues(\.triggerTime)
            #expect(triggers[ObjectName(name: "s0")] == Timestamp(seconds: 1_795_428_000))
            #expect(triggers[ObjectName(name: "s1")] == Timestamp(seconds: 1_795_428_000, nanoseconds: 250_000_000))
            #expect(triggers[ObjectName(name: "s2")] == nil)
        }
    }

    @Test("follows the one Node of a name")
    func node() async throws {
        @Sendable func node(_ name: String, zone: String) -> String {
            #"{"kind":"Node","apiVersion":"v1","metadata":{"name":"\#(name)","labels":{"zone":"\#(zone)"}}}"#
        }
        try await Rig.run(
            .node(name: "n1"), before: { try $0.put(json: node("n1", zone: "a") + node("n2", zone: "a")) }
        ) {
            rig in
            try await eventually("n1") { rig.recorder.names == ["n1"] }
            try await rig.expectWatch(.nodes)
            try rig.server.put(json: node("n1", zone: "b") + node("n2", zone: "b"))
            try await eventually("zone b") {
                guard case .node(let node)? = rig.recorder.current.objects[ObjectName(namespace: "", name: "n1")] else {
                    return false
                }
                return node.node.labels["zone"] == "b"
            }
            rig.server.delete(.nodes, name: "n1")
            try await eventually("gone") { rig.recorder.names.isEmpty }
        }
    }

    @Test("lines come in any pieces, with any ends", arguments: [1, 7, 100, 100_000])
    func pieces(size: Int) async throws {
        let events = (0..<5).map { index in
            #"{"type":"ADDED","object":{"kind":"Service","apiVersion":"v1","metadata":{"name":"p\#(index)","resourceVersion":"20\#(index)0"},"#
                + #""spec":{"clusterIP":"10.0.0.\#(index)","ports":[{"port":80}]}}}"#
        }
        let text = Array((events.joined(separator: "\r\n\r\n") + "\n").utf8)
        let pieces = stride(from: 0, to: text.count, by: size).map { Array(text[$0..<min($0 + size, text.count)]) }
        try await Rig.run(bookmarks: .seconds(60)) { rig in
            try await rig.expectWatch()
            rig.server.send(pieces, toWatchesOf: .services)
            try await rig.expect("p0", "p1", "p2", "p3", "p4")
            #expect(rig.recorder.lists == 1)
            #expect(rig.warnings.isEmpty)
        }
    }

    @Test("a line of several megabytes is read")
    func longLine() async throws {
        let labels = #"{"x":""# + String(repeating: "y", count: 4 << 20) + #""}"#
        try await Rig.run { rig in
            try await rig.expectWatch()
            try rig.server.put(json: service("a", labels: labels))
            try await rig.expect("a")
        }
    }

    @Test("Retry-After is honoured, up to a limit", arguments: [(1, 1), (100_000, 120)])
    func retryAfter(asked: Int, kept: Int) async throws {
        let pauses = Pauses()
        try await Rig.run(
            timing: pauses.timing,
            before: {
                try $0.put(json: service("a"))
                $0.inject(.refuse(code: 429, retryAfter: asked), into: .services, scope: .list)
                $0.inject(.refuse(code: 500, retryAfter: nil), into: .services, scope: .list)
            }
        ) { rig in
            try await rig.expect("a")
            #expect(pauses.all == [.seconds(kept), .milliseconds(20)])
        }
    }

    @Test("after a long outage an expired version leads to a list soon, but only the first one")
    func listSoon() async throws {
        let pauses = Pauses()
        try await Rig.run(
            timing: pauses.timing,
            before: {
                try $0.put(json: service("a"))
                $0.inject(.refuse(code: 503, retryAfter: nil), into: .services, scope: .watch, times: 3)
                $0.inject(.refuse(code: 410, retryAfter: nil), into: .services, scope: .watch, times: 2)
            }
        ) { rig in
            try await rig.expect("a")
            try await eventually("two more lists") { rig.recorder.lists == 3 }
            #expect(pauses.all == [10, 20, 40, 10, 80].map { .milliseconds($0) })
        }
    }

    @Test("a list whose pages never end is given up")
    func circularList() throws {
        let decoder = ResourceDecoder(kind: .service)
        let text =
            #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5","continue":"x"},"items":null}"#
        let page = try decoder.page(Array(text.utf8))
        #expect(page.continuation == "x")
        #expect(page.objects.isEmpty)
    }

    @Test(
        "a list that is not whole is none",
        arguments: [
            #"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}"#,
            #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{}}]}"#,
            #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{}]}"#,
            #"{"kind":"EndpointSliceList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[]}"#,
            #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[]} x"#, "[]", "",
            "null",
        ])
    func badLists(text: String) {
        #expect(throws: APIFailure.self) { try ResourceDecoder(kind: .service).page(Array(text.utf8)) }
    }
}

/// Pauses that a test did not wait for.
final class Pauses: Sendable {
    private let durations = Mutex<[Duration]>([])
    func add(_ duration: Duration) { durations.withLock { $0.append(duration) } }
    var all: [Duration] { durations.withLock { $0 } }

    /// Pauses that are noted here instead.
    var timing: ReflectorTiming {
        var timing = ReflectorTiming.quick
        timing.sleep = { self.add($0) }
        return timing
    }
}

@Suite("Cancelling a reflector")
struct CancellationTests {
    @Test("ends it promptly, whatever it waits for", arguments: [nil, Fault.hang, .hangAfterHead])
    func cancelled(_ fault: Fault?) async throws {
        for scope in [FaultScope.list, .watch] {
            let server = TestAPIServer()
            try server.put(json: service("a"))
            if let fault { server.inject(fault, into: .services, scope: scope) }
            let connection = ClusterConnection(server: try ServerAddress(try await server.start()), origin: "test")
            let client = APIClient(connection, version: "0")
            let recorder = Recorder()
            let log = LogRecorder()
            let task = Task {
                await Reflector(.services, client: client, logger: log.logger) { recorder.add($0) }.run()
            }
            try await eventually("asked") {
                server.counts(.services).lists + server.counts(.services).watches
                    >= (scope == .list && fault != nil ? 1 : 2)
            }
            try await Task.sleep(for: .milliseconds(50))
            let start = ContinuousClock.now
            task.cancel()
            await task.value
            #expect(.now - start < .seconds(2))
            #expect(log.warnings.isEmpty)
            await client.shutdown()
            await server.stop()
        }
    }

    @Test("ends it promptly while it waits for its next try")
    func pausing() async throws {
        var timing = ReflectorTiming()
        timing.firstPause = .seconds(100)
        let address = try ServerAddress("http://127.0.0.1:1")
        let client = APIClient(ClusterConnection(server: address, origin: "test"), version: "0")
        let log = LogRecorder()
        let reflector = Reflector(.services, client: client, timing: timing, logger: log.logger) { _ in }
        let task = Task { await reflector.run() }
        try await eventually("logged") { log.warnings.count == 1 }
        let start = ContinuousClock.now
        task.cancel()
        await task.value
        #expect(.now - start < .seconds(2))
        await client.shutdown()
    }
}

@Suite("Pauses")
struct BackoffTests {
    @Test("double up to a limit, with chance on top, and start over after health")
    func doubles() {
        var timing = ReflectorTiming()
        timing.random = { $0.lowerBound }
        var backoff = Backoff(timing)
        let start = ContinuousClock.now
        let pauses = (0..<8).map { _ in backoff.pause(now: start) / .seconds(1) }
        #expect(pauses == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])
        #expect(backoff.pause(now: start + .seconds(121)) == .milliseconds(800))
        timing.random = { $0.upperBound }
        backoff = Backoff(timing)
        #expect(backoff.pause(now: start) == .milliseconds(1600))
    }
}
