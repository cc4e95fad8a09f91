// SPDX-License-Identifier: Apache-2.0

import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

extension ClientLimits {
    /// So short that a connection without a byte is dead at once.
    static var impatient: ClientLimits {
        var limits = ClientLimits.quick
        limits.silence = .milliseconds(500)
        return limits
    }
}

/// Answers that do not come, come too slowly, or do not end.
extension FaultTests {
    @Test("a connection without a byte is given up", arguments: [Fault.hang, .hangAfterHead])
    func silent(_ fault: Fault) async throws {
        try await Rig.run(
            limits: .impatient,
            before: {
                try $0.put(json: service("a"))
                $0.inject(fault, into: .services, scope: .list)
                $0.inject(fault, into: .services, scope: .watch)
            }
        ) { rig in
            try await rig.expect("a")
            try await eventually("a list after the silence") { rig.recorder.lists == 2 }
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b")
            #expect(rig.warnings.first?.contains("no byte came for 0.5 seconds") == true, "\(rig.warnings)")
        }
    }

    @Test("a list that trickles in is given up")
    func trickling() async throws {
        var limits = ClientLimits.quick
        limits.answer = .milliseconds(800)
        try await Rig.run(
            limits: limits,
            before: {
                try $0.put(json: service("a"))
                $0.inject(.trickle, into: .services, scope: .list)
            }
        ) { rig in
            try await rig.expect("a")
            #expect(rig.warnings.first?.contains("not complete after 0.8 seconds") == true, "\(rig.warnings)")
        }
    }

    @Test("a half-open watch is given up, bookmarks keep a quiet one alive")
    func halfOpen() async throws {
        var limits = ClientLimits.quick
        limits.silence = .milliseconds(1500)
        try await Rig.run(limits: limits, before: { try $0.put(json: service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            try await Task.sleep(for: .milliseconds(2500))
            #expect(rig.server.counts(.services).watches == 1)
            rig.server.disturbWatches(of: .services, .silence)
            try rig.server.put(json: service("b"))
            try await rig.expect("a", "b")
            #expect(rig.warnings.first?.contains("no byte came") == true, "\(rig.warnings)")
        }
    }

    @Test("an endless line is given up before it fills the memory")
    func endlessLine() async throws {
        var timing = ReflectorTiming.quick
        timing.lineLimit = 1 << 20
        try await Rig.run(
            timing: timing,
            before: {
                try $0.put(json: service("a"))
                $0.inject(.endlessLine, into: .services, scope: .watch)
            }
        ) { rig in
            try await eventually("a list") { rig.recorder.lists == 2 }
            #expect(rig.warnings.first?.contains("a line of more than 1048576 bytes") == true, "\(rig.warnings)")
        }
    }

    @Test("a list that is no JSON is given up at its first byte, however long it is")
    func endlessList() async throws {
        try await Rig.run(
            before: {
                try $0.put(json: service("a"))
                $0.inject(.endlessLine, into: .services, scope: .list)
            }
        ) { rig in
            try await rig.expect("a")
            #expect(rig.warnings.first?.contains("no JSON object, but what begins with") == true, "\(rig.warnings)")
        }
    }
}
