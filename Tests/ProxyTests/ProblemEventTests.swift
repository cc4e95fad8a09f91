// SPDX-License-Identifier: Apache-2.0

import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import Synchronization
import TestSupport
import Testing

@testable import Proxy

@Suite("Problems of objects") struct ProblemEventTests {
    private let events = EventRecorder()
    private let log = LogRecorder()

    private var invalid: [[String]] {
        events.all.compactMap { event in
            if case .invalidObjects(let errors) = event { errors.map(\.description) } else { nil }
        }
    }

    private var odd: [[String]] {
        events.all.compactMap { event in
            if case .objectWarnings(let warnings) = event { warnings.map(\.description) } else { nil }
        }
    }

    private func broken(_ name: String, _ message: String = "is wrong") -> UnreadableObject {
        let name = ObjectName(name: name)
        return UnreadableObject(
            kind: .service, name: name,
            diagnostics: [Diagnostic(.error, file: "", kind: "Service", name: name, message: message)])
    }

    @Test("that are only odd are reported in the same way, and are not invalid")
    func warnings() {
        let diagnostics = ObjectDiagnostics(log.logger, observer: events)
        let warning = Diagnostic(.warning, file: "", kind: "Service", name: ObjectName(name: "a"), message: "is odd")
        let note = Diagnostic(.note, file: "", kind: "Service", name: ObjectName(name: "a"), message: "is fine")
        diagnostics.take(.listed(.service, [Sample.service("a")], remarks: [warning, note]))
        diagnostics.take(.changed(Sample.service("a"), remarks: [warning, note]))
        #expect(odd == [["Service default/a: is odd"]])
        diagnostics.take(.changed(Sample.service("a")))
        #expect(odd.last == [] && odd.count == 2)
        #expect(invalid == [])
        #expect(log.warnings == ["Service default/a: is odd"])
    }

    @Test("are reported as a whole each time that they change, and logged once; so is that an object is valid again")
    func clusterObjects() {
        let diagnostics = ObjectDiagnostics(log.logger, observer: events)
        diagnostics.take(.listed(.service, [Sample.service("a")], unreadable: [broken("b")]))
        diagnostics.take(.unreadable(broken("c")))
        diagnostics.take(.unreadable(broken("c")))
        diagnostics.take(.listed(.endpointSlice, []))
        #expect(
            invalid == [
                ["Service default/b: is wrong"], ["Service default/b: is wrong", "Service default/c: is wrong"],
            ])
        diagnostics.take(.changed(Sample.service("b")))
        diagnostics.take(.removed(.service, ObjectName(name: "c")))
        #expect(invalid.suffix(2) == [["Service default/c: is wrong"], []])
        diagnostics.take(.listed(.service, [], unreadable: [broken("d", "x")]))
        diagnostics.take(.listed(.service, [Sample.service("d")]))
        #expect(invalid.suffix(2) == [["Service default/d: x"], []])
        #expect(
            log.notices == [
                "Service default/b: valid again; its new state takes effect",
                "Service default/d: valid again; its new state takes effect",
            ])
        #expect(
            log.errors == [
                "Service default/b: is wrong; its last good state stays in force",
                "Service default/c: is wrong; its last good state stays in force",
                "Service default/d: x; its last good state stays in force",
            ])
    }

    @Test("are logged however many objects are only odd, up to a hundred lines with those that are valid again")
    func errorsAmongWarnings() {
        let diagnostics = ObjectDiagnostics(log.logger, observer: events)
        let remarks = (0..<250).map { number in
            Diagnostic(.warning, file: "", kind: "Service", name: ObjectName(name: "odd-\(number)"), message: "is odd")
        }
        diagnostics.take(.listed(.service, [], remarks: remarks))
        #expect(log.warnings.count == LineBudget.limit)
        for number in 0..<60 { diagnostics.take(.unreadable(broken("b-\(number)"))) }
        for number in 0..<60 { diagnostics.take(.changed(Sample.service("b-\(number)"))) }
        #expect(log.errors.count == 60)
        #expect(log.notices.count == LineBudget.limit - 60)
    }

    @Test("conflicts are reported when they come and go, and logged then")
    func conflicts() async {
        let loop = ProxyLoop(
            options: ProxyOptions(), families: [.ipv4], backend: Syncer(store: MemoryStore(), lock: nil),
            host: FakeHost(), observer: Observers([events, LogObserver(log.logger, subject: "")]))
        func counts() -> [Int] {
            events.all.compactMap { if case .conflicts(let conflicts) = $0 { conflicts.count } else { nil } }
        }
        await loop.take([
            .listed(.service, [Sample.service("a"), Sample.service("b")]), .listed(.endpointSlice, []),
        ])
        #expect(counts() == [1])
        await loop.take([.changed(Sample.service("c", ip: "10.96.0.9"))])
        #expect(counts() == [1])
        await loop.take([.changed(Sample.service("b", ip: "10.96.0.8"))])
        #expect(counts() == [1, 0])
        await loop.take([.changed(Sample.service("c"))])
        await loop.take([.removed(.service, ObjectName(name: "a"))])
        #expect(counts() == [1, 0, 1, 0])
        #expect(log.warnings.count == 2)
        #expect(log.warnings.first?.hasPrefix("Service default/b: 10.96.0.1:80/TCP of default/b is claimed by") == true)
        #expect(log.notices.first == "10.96.0.1:80/TCP is no longer claimed by both default/b and default/a")
    }
}
