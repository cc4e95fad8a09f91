// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

/// A fault, and what the log must say of it.
struct FaultCase: CustomTestStringConvertible, Sendable {
    let fault: Fault
    let words: String
    var testDescription: String { words }

    init(_ fault: Fault, _ words: String) {
        self.fault = fault
        self.words = words
    }

    static func refuse(_ code: Int, _ words: String) -> FaultCase {
        FaultCase(.refuse(code: code, retryAfter: nil), words)
    }
}

@Suite("Faults of an API server")
struct FaultTests {
    private static let garbage = [
        FaultCase(.html, #"begins with "<html>"#), FaultCase(.binary, "invalid answer"),
    ]

    @Test(
        "a list that fails is tried again until it succeeds, and logged once",
        arguments: [
            .refuse(403, "ClusterRole system:node-proxier"), .refuse(404, "Kubernetes 1.21"),
            .refuse(429, "429 TooManyRequests"), .refuse(500, "500 InternalError"),
            .refuse(503, "apiserver is shutting down"), .refuse(504, "Too large resource version"),
            .refuse(401, "401 Unauthorized"), FaultCase(.drop, "the connection broke"),
            FaultCase(.wrongKind, "PodList of v1 instead of ServiceList of v1"), FaultCase(.close, "invalid answer"),
            FaultCase(.truncated, "invalid answer"),
        ] + garbage)
    func failingLists(_ fault: FaultCase) async throws {
        // 401 is asked twice each time.
        let times = fault.words.hasPrefix("401") ? 6 : 3
        try await Rig.run(
            timing: .unwilling,
            before: {
                try $0.put(json: service("a"))
                $0.inject(fault.fault, into: .services, scope: .list, times: times)
            }
        ) { rig in
            try await rig.expect("a")
            #expect(rig.warnings.count == 1)
            #expect(rig.warnings.first?.contains(fault.words) == true, "\(rig.warnings)")
            #expect(rig.debugs.count { $0.contains("listing again") } == 2)
            try await eventually("recovered") { rig.infos.contains { $0.contains("recovered after 3 failures") } }
            #expect(rig.recorder.lists == 1)
            let changes = rig.contact.changes
            #expect(changes.count == 2)
            guard case .lost("services", _, let failure)? = changes.first, case .regained("services", _)? = changes.last
            else {
                Issue.record("\(changes)")
                return
            }
            #expect(failure.contains(fault.words))
        }
    }

    @Test(
        "a watch that cannot begin is begun again where it was, without a list",
        arguments: [
            .refuse(401, "401 Unauthorized"), .refuse(403, "403 Forbidden"), .refuse(429, "429 TooManyRequests"),
            .refuse(500, "500 InternalError"), .refuse(503, "shutting down"), FaultCase(.drop, "the connection broke"),
            FaultCase(.errorEvent(code: 500), "500 InternalError"), FaultCase(.close, "ends each watch at once"),
            FaultCase(.truncated, "in the middle of a line"),
        ])
    func resumedWatches(_ fault: FaultCase) async throws {
        let times = fault.words.hasPrefix("401") ? 6 : 3
        try await Rig.run(
            timing: .unwilling,
            before: {
                try $0.put(json: service("a"))
                $0.inject(fault.fault, into: .services, scope: .watch, times: times)
            }
        ) { rig in
            try await rig.expect("a")
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b")
            #expect(rig.warnings.count == 1)
            #expect(rig.warnings.first?.contains(fault.words) == true, "\(rig.warnings)")
            #expect(rig.server.counts(.services).lists == 1)
            try await eventually("recovered") { rig.infos.contains { $0.contains("recovered") } }
        }
    }

    @Test(
        "a watch that cannot go on is begun again with a list, and what is served stays served",
        arguments: [
            .refuse(404, "404 NotFound"), .refuse(504, "Too large resource version"),
            FaultCase(.errorEvent(code: 404), "404 NotFound"), FaultCase(.errorEvent(code: 504), "504 Timeout"),
            FaultCase(.wrongKind, "an event without an object"),
        ] + garbage)
    func relistedWatches(_ fault: FaultCase) async throws {
        try await Rig.run(
            before: {
                try $0.put(json: service("a"))
                $0.inject(fault.fault, into: .services, scope: .watch, times: 2)
            }
        ) { rig in
            try await rig.expect("a")
            try await eventually("two more lists") { rig.recorder.lists == 3 }
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b")
            #expect(rig.warnings.count == 1)
            #expect(rig.warnings.first?.contains(fault.words) == true, "\(rig.warnings)")
            #expect(rig.recorder.isNeverEmpty)
        }
    }

    @Test("an expired version leads to a list, as a status and as an event", arguments: [false, true])
    func expired(asEvent: Bool) async throws {
        try await Rig.run(before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            // What happens after the watch ended and before the next one is forgotten.
            rig.server.inject(.refuse(code: 503, retryAfter: nil), into: .services, scope: .watch)
            rig.server.disturbWatches(of: .services, .drop)
            try rig.server.put(json: service("b"))
            rig.server.compact(asEvent: asEvent)
            try await rig.expect("a", "b")
            #expect(rig.recorder.lists == 2)
            #expect(rig.infos.contains { $0.contains("410 Expired: too old resource version") })
            #expect(!rig.warnings.contains { $0.contains("410 Expired") })
        }
    }

    @Test("a list whose pages expire is begun anew, and asked for at once after two of them")
    func expiredPages() async throws {
        var timing = ReflectorTiming.quick
        timing.pageSize = 2
        let services = (0..<5).map { service("s\($0)") }.joined()
        try await Rig.run(
            timing: timing,
            before: {
                try $0.put(json: services)
                $0.inject(.refuse(code: 410, retryAfter: nil), into: .services, scope: .page, times: 2)
            }
        ) { rig in
            try await rig.expect("s0", "s1", "s2", "s3", "s4")
            let counts = rig.server.counts(.services)
            #expect(counts.lists == 3)
            // One in each list that expired, none in the one that came at once.
            #expect(counts.pages == 2)
            #expect(rig.recorder.lists == 1)
        }
    }

    @Test("a watch that ends when its time is up goes on at once, with no list and no word")
    func ended() async throws {
        var timing = ReflectorTiming.quick
        timing.shortestWatch = .zero
        try await Rig.run(timing: timing, before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            for round in 0..<5 {
                try await rig.expectWatch()
                rig.server.disturbWatches(of: .services, .close)
                try rig.server.put(json: service("b\(round)"))
                try await eventually("b\(round)") { rig.recorder.names.contains("default/b\(round)") }
            }
            #expect(rig.server.counts(.services).lists == 1)
            #expect(rig.server.counts(.services).probes == 0)
            #expect(rig.warnings.isEmpty && rig.infos.isEmpty)
        }
    }

    @Test("a watch that breaks in the middle of a line goes on from the last whole one")
    func dropped() async throws {
        try await Rig.run(before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            rig.server.disturbWatches(of: .services, .drop)
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b")
            #expect(rig.server.counts(.services).lists == 1)
            #expect(rig.warnings.count == 1)
            #expect(rig.warnings.first?.contains("the connection broke") == true, "\(rig.warnings)")
        }
    }

    @Test("garbage in a running watch leads to a list")
    func garbled() async throws {
        try await Rig.run(before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            rig.server.disturbWatches(of: .services, .garbage)
            try await eventually("a list") { rig.recorder.lists == 2 }
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b")
        }
    }

    @Test("watches that end at once, again and again, do not make it spin")
    func noSpinning() async throws {
        try await Rig.run(
            before: {
                try $0.put(json: service("a"))
                $0.inject(.close, into: .services, scope: .watch, times: .max)
            }
        ) { rig in
            try await rig.expect("a")
            let start = ContinuousClock.now
            try await eventually("twelve watches") { rig.server.counts(.services).watches >= 12 }
            // Pauses of 10, 20, 40 and from then on 80 ms; the first few may have been over already.
            #expect(.now - start > .milliseconds(300))
            #expect(rig.server.counts(.services).lists == 1)
            #expect(rig.warnings.count == 1)
            #expect(rig.infos.isEmpty)
        }
    }

    @Test("a server that is restarted is found again")
    func restarted() async throws {
        try await Rig.run(before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            await rig.server.stop()
            try rig.server.put(json: service("b"))
            try await eventually("refused") { rig.warnings.contains { $0.contains("cannot be reached") } }
            try await Task.sleep(for: .milliseconds(200))
            #expect(rig.recorder.names == ["default/a"])
            try await rig.server.start()
            try await rig.expect("a", "b")
            #expect(rig.server.counts(.services).lists == 1)
            #expect(rig.warnings.count <= 3, "\(rig.warnings)")
            try await eventually("recovered") { rig.infos.contains { $0.contains("recovered") } }
        }
    }

    @Test("a server that was not there in the beginning is found")
    func late() async throws {
        let server = TestAPIServer()
        let url = try await server.start()
        await server.stop()
        try server.put(json: service("a"))
        let client = APIClient(
            ClusterConnection(server: try ServerAddress(url), origin: "test"), version: "0", limits: .quick)
        let (recorder, log) = (Recorder(), LogRecorder())
        let task = Task {
            await Reflector(.services, client: client, timing: .quick, logger: log.logger) { recorder.add($0) }.run()
        }
        try await eventually("refused: \(log.warnings)") { log.warnings.contains { $0.contains("onnection refused") } }
        try await server.start()
        try await eventually("a list") { recorder.names == ["default/a"] }
        task.cancel()
        await task.value
        await client.shutdown()
        await server.stop()
    }

    @Test("a server that goes back in time is followed there", arguments: [false, true])
    func wentBack(restarts: Bool) async throws {
        try await Rig.run(before: { try $0.put(json: service("a") + service("b")) }) { rig in
            try await rig.expect("a", "b")
            try await rig.expectWatch()
            if restarts { await rig.server.stop() }
            try rig.server.goBack(to: 500, json: service("a"))
            if restarts { try await rig.server.start() } else { rig.server.disturbWatches(of: .services, .drop) }
            try await rig.expect("a")
            #expect(rig.warnings.contains { $0.contains("state is older than before: resourceVersion 501 after 1002") })
            try rig.server.put(json: service("c"))
            try await rig.expect("a", "c")
        }
    }

    @Test("a list that brings the same again is delivered as the same")
    func sameAgain() async throws {
        try await Rig.run(before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            let before = rig.recorder.current.objects
            rig.server.inject(.errorEvent(code: 410), into: .services, scope: .watch)
            rig.server.disturbWatches(of: .services, .drop)
            try await eventually("a list") { rig.recorder.lists == 2 }
            #expect(rig.recorder.current.objects == before)
        }
    }

    @Test("each other kind of trouble is logged once, and relapses do not fill the log")
    func kinds() async throws {
        try await Rig.run(
            before: {
                try $0.put(json: service("a"))
                for _ in 0..<3 {
                    $0.inject(.refuse(code: 500, retryAfter: nil), into: .services, scope: .list)
                    $0.inject(.html, into: .services, scope: .list)
                }
            }
        ) { rig in
            try await rig.expect("a")
            try await eventually("recovered") { rig.infos.count == 1 }
            #expect(rig.warnings.count == 2)
            // What comes back within two minutes is logged, but not each recovery.
            for _ in 0..<3 {
                try await rig.expectWatch()
                rig.server.disturbWatches(of: .services, .drop)
                try await Task.sleep(for: .milliseconds(250))
            }
            #expect(rig.warnings.count == 3)
            #expect(rig.infos.count == 1)
        }
    }
}

extension ReflectorTiming {
    /// A watch has to last before trouble counts as over.
    static var unwilling: ReflectorTiming {
        var timing = ReflectorTiming.quick
        timing.settling = .milliseconds(150)
        return timing
    }
}

extension Recorder {
    /// Whether no list was empty.
    var isNeverEmpty: Bool {
        !current.updates.contains { update in
            if case .listed(_, let objects, _, _) = update { objects.isEmpty } else { false }
        }
    }
}
