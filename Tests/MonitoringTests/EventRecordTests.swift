// SPDX-License-Identifier: Apache-2.0

import Inspection
import KubernetesAPI
import KubernetesObjects
import NetworkTypes
import ServiceModel
import Synchronization
import Testing

@testable import Monitoring
@testable import Proxy

@Suite("Events") struct EventRecordTests {
    private func record(capacity: Int = EventRecord.defaultCapacity) -> EventRecord {
        let clock = SharedClock(seconds: 1_764_000_000)
        return EventRecord(capacity: capacity) { clock.tick() }
    }

    /// A clock that is a second later each time.
    private final class SharedClock: Sendable {
        private let seconds: Mutex<Int>

        init(seconds: Int) { self.seconds = Mutex(seconds) }

        func tick() -> Timestamp {
            seconds.withLock { seconds in
                defer { seconds += 1 }
                return Timestamp(seconds: seconds)
            }
        }
    }

    private static func change(_ service: String, trigger: Timestamp? = nil) throws -> ServiceChange {
        let old = [ServicePortEndpoints(servicePort: .sample(service), endpoints: [.sample(1, node: nil)])]
        let new = [
            ServicePortEndpoints(
                servicePort: .sample(service), endpoints: [.sample(2, node: nil), .sample(3, node: nil, [])])
        ]
        return try #require(ServiceChange(ServiceName(name: service), from: old, to: new, trigger: trigger))
    }

    @Test("a change names the Service, its endpoints and the time until it was in force")
    func changes() throws {
        let record = record()
        let trigger = Timestamp(seconds: 1_763_999_999, nanoseconds: 500_000_000)
        record.observe(
            .synchronized(
                .sample(reason: .change, changedServices: 1, changes: [try Self.change("web", trigger: trigger)]))
        )
        let event = try #require(record.events().first)
        #expect(record.events().count == 1)
        #expect(event.number == 1)
        #expect(event.kind == .change)
        #expect(event.time == "2025-11-24T16:00:00.000Z")
        #expect(event.service == "default/web")
        #expect(event.message == "default/web: endpoints +2 -1 (1 of 2 ready)")
        #expect(event.latencyMilliseconds == 500)
        let endpoints = try #require(event.endpoints)
        #expect(endpoints.added == ["10.0.0.2", "10.0.0.3"])
        #expect(endpoints.removed == ["10.0.0.1"])
    }

    @Test("the oldest events go first; numbers go on; events can be asked for by number, time and Service")
    func ring() throws {
        let record = record(capacity: 3)
        for service in ["a", "b", "c", "a", "d"] {
            record.observe(
                .synchronized(.sample(reason: .change, changedServices: 1, changes: [try Self.change(service)])))
        }
        #expect(record.events().map(\.number) == [3, 4, 5])
        #expect(record.events(.init(after: 4)).map(\.service) == ["default/d"])
        #expect(record.events(.init(service: ServiceName(name: "a"))).map(\.number) == [4])
        #expect(record.events(.init(since: Timestamp(seconds: 1_764_000_003))).map(\.number) == [4, 5])
    }

    @Test("endpoints that are avoided, ejected and back are events of their Service")
    func judgements() {
        let record = record()
        let (name, endpoint) = (ServicePort.sample("web").name, Endpoint.sample(1, node: nil).addressPort)
        for kind: EndpointJudgement.Kind in [
            .avoided(.refused), .returned(wasEjected: false), .ejected(failures: 5, .unanswered, .seconds(30)),
            .returned(wasEjected: true),
        ] {
            record.observe(
                .endpointJudged(EndpointJudgement(family: .ipv4, servicePort: name, endpoint: endpoint, kind: kind)))
        }
        #expect(
            record.events().map(\.message) == [
                "\(name): \(endpoint) avoided: a connection was refused",
                "\(name): \(endpoint) ejected for 30 s: 5 connections in a row unanswered",
                "\(name): \(endpoint) is no longer ejected",
            ])
        #expect(record.events().map(\.kind) == [.warning, .warning, .recovery])
        #expect(record.events().allSatisfy { $0.service == "default/web" && $0.ipFamily == "IPv4" })
    }

    @Test("a failure is one event until it is well again")
    func failures() {
        let record = record()
        for _ in 1...3 { record.observe(.failed(.sample(.ipv4))) }
        record.observe(.synchronized(.sample(reason: .retry, changedServices: 0)))
        record.observe(.synchronized(.sample(reason: .check, changedServices: 0)))
        #expect(record.events().map(\.kind) == [.error, .recovery])
    }

    @Test("an outage of the API server is one event, whatever was asked for, and so is its end")
    func contact() {
        let record = record()
        for resource in ["services", "nodes"] {
            record.observe(
                .contactChanged(.lost(resource: resource, server: "https://10.0.0.1:6443", failure: "no answer")))
        }
        record.observe(.contactChanged(.regained(resource: "nodes", server: "https://10.0.0.1:6443")))
        record.observe(.contactChanged(.regained(resource: "services", server: "https://10.0.0.1:6443")))
        #expect(record.events().map(\.kind) == [.error, .recovery])
        #expect(
            record.events().map(\.message) == [
                "lost contact to the API server: no answer (services of https://10.0.0.1:6443); the last good state stays in "
                    + "force", "in contact with the API server again after 3 s (https://10.0.0.1:6443)",
            ])
    }

    @Test("what is wrong is said once, and once more when it is well again")
    func problems() {
        let record = record()
        for warnings in [["odd"], ["odd"], ["odd", "bad"], ["bad"]] {
            record.observe(.hostChecked(.ipv4, warnings: warnings))
        }
        #expect(record.events().map(\.kind) == [.warning, .warning, .recovery])
        #expect(record.events().last?.message == "is no longer so: odd")
    }

    @Test("what each check finds again is said once, and so is a Node that is missing")
    func repetition() {
        let record = record()
        for _ in 1...3 {
            record.observe(.synchronized(.sample(reason: .check, changedServices: 0, hasLostCounters: true)))
            record.observe(.missingNode(name: "node-1"))
        }
        #expect(record.events().map(\.kind) == [.warning, .warning])
    }

    @Test("texts without end are cut, so that memory is bounded")
    func bounds() throws {
        let record = record()
        record.observe(.unusableSettings(reason: String(repeating: "x", count: 100_000)))
        #expect(try #require(record.events().first).message.count == 500)
    }
}
