// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import ServiceModel
import SystemPackage
import Testing
import XTables

@testable import Proxy

@Suite("Connections that are followed") struct ConnectionWatchTests {
    private let store = MemoryStore()
    private let recorder = EventRecorder()
    private let connections = MemoryConnections()

    private var options: ProxyOptions {
        var options = ProxyOptions()
        // So that only what is urgent comes within the time of a test.
        options.minimumSyncPeriod = .seconds(60)
        options.syncPeriod = .seconds(60)
        options.retriesConnections = true
        options.retryTimeout = .milliseconds(100)
        options.failedEndpointDelay = .seconds(60)
        return options
    }

    private func running(
        _ options: ProxyOptions, families: [IPFamily] = [.ipv4], _ updates: [ObjectUpdate]? = nil,
        _ body: (ProxyLoop) async -> Void
    ) async {
        let loop = ProxyLoop(
            options: options, families: families, backend: Syncer(store: store, lock: nil), connections: connections,
            host: FakeHost(), observer: recorder)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            await loop.take(updates ?? lists)
            await eventually("rules are written") { nat.contains("10.0.0.1:8080") }
            await body(loop)
            group.cancelAll()
        }
    }

    private let lists: [ObjectUpdate] = [
        .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1", "10.0.0.2", "10.0.0.3"])]),
        .listed(.service, [Sample.service("web")]),
    ]

    private var nat: String {
        let chains = (try? TableSnapshot(.nat, family: .ipv4, store: store))?.chains ?? []
        return chains.flatMap { chain in chain.entries.map { $0.rule.text(chain: chain.name, family: .ipv4) } }
            .joined(separator: "\n")
    }

    /// How many endpoints new connections are balanced over.
    private var used: Set<String> {
        Set(nat.matches(of: /--to-destination (10\.0\.0\.\d):8080/).map { String($0.output.1) })
    }

    private func flow(_ endpoint: Int, client: UInt16 = 40_000, destination: String = "10.96.0.1:80") -> Flow {
        let client = AddressPort(IPAddress(ipv4: 0xac10_0001), client)
        return Flow(
            .tcp, original: .init(from: client, to: end(destination)),
            reply: .init(from: end("10.0.0.\(endpoint):8080"), to: client), identifier: UInt32(endpoint),
            isUnansweredConnection: true)
    }

    private func end(_ text: String) -> AddressPort {
        guard let end = AddressPort(text) else { preconditionFailure("no address and port: \(text)") }
        return end
    }

    private func failures(_ failure: ConnectionFailure) -> Int {
        recorder.all.reduce(0) { sum, event in
            guard case .connectionsFailed(_, let endpoints) = event else { return sum }
            return sum + endpoints.filter { $0.failure == failure }.reduce(0) { $0 + $1.count }
        }
    }

    private var retried: Int {
        recorder.all.reduce(0) { sum, event in
            guard case .connectionsFailed(_, let endpoints) = event else { return sum }
            return sum + endpoints.reduce(0) { $0 + $1.retried }
        }
    }

    private var judgements: [EndpointJudgement.Kind] {
        recorder.all.compactMap { if case .endpointJudged(let judgement) = $0 { judgement.kind } else { nil } }
    }

    /// How many endpoints more each commit for changed Services has left out than the one before.
    private var numbersLeftOut: [Int] {
        recorder.synchronizations.flatMap { $0.serviceChanges.map { $0.leftOut.count - $0.returned.count } }
    }

    private func listening() async { await eventually("listens") { connections.listenerCount == 1 } }

    @Test(
        "the kernel is not asked as long as no Service has retry or ejection, and no longer when none has them any more"
    )
    func off() async {
        var off = options
        off.retriesConnections = nil
        await running(off) { loop in
            #expect(connections.listeningCount == 0)
            await loop.reconfigure(options)
            await listening()
            await eventually("lists what waits already") { connections.listingCount == 1 }
            await loop.reconfigure(off)
            await eventually("does not listen") { connections.listenerCount == 0 }
            var ejecting = off
            ejecting.ejectsOutliers = true
            await loop.reconfigure(ejecting)
            await listening()
        }
        #expect(connections.listenerCount == 0)
    }

    @Test("an endpoint that refuses is left out at once, and comes back after its time")
    func refused() async {
        var options = options
        options.failedEndpointDelay = .seconds(2)
        options.minimumSyncPeriod = .zero
        await running(options) { _ in
            await listening()
            connections.begin(flow(2))
            connections.refuse(flow(2))
            // What is in force for a moment only, a poll can miss.
            await eventually("left out, and back") { numbersLeftOut.suffix(2) == [1, -1] }
            #expect(used.count == 3)
        }
        #expect(failures(.refused) == 1)
        #expect(retried == 1)
        #expect(judgements == [.avoided(.refused), .returned(wasEjected: false)])
    }

    @Test("an endpoint that does not answer is left out within its time, and the flow is deleted")
    func unanswered() async {
        await running(options) { _ in
            await listening()
            connections.begin(flow(1))
            await eventually("left out") { used == ["10.0.0.2", "10.0.0.3"] }
            #expect(connections.deleted == [flow(1)])
        }
        #expect(failures(.unanswered) == 1)
        #expect(retried == 1)
    }

    @Test("without retry no flow is deleted; five in a row eject, one of three")
    func ejection() async {
        var options = options
        options.retriesConnections = nil
        options.ejectsOutliers = true
        await running(options) { _ in
            await listening()
            for client in 0..<4 { connections.begin(flow(1, client: UInt16(40_000 + client))) }
            await eventually("four have failed") { failures(.unanswered) == 4 }
            #expect(used.count == 3)
            for client in 4..<5 { connections.begin(flow(1, client: UInt16(40_000 + client))) }
            await eventually("left out") { used == ["10.0.0.2", "10.0.0.3"] }
        }
        #expect(connections.deleted.isEmpty)
        #expect(retried == 0)
        #expect(judgements == [.ejected(failures: 5, .unanswered, .seconds(30))])
    }

    @Test("flows that are answered, or of no Service, or to other places stay")
    func others() async {
        await running(options) { _ in
            await listening()
            connections.begin(flow(1))
            connections.answer(flow(1))
            // An event that is lost does not matter: the flow is looked at again.
            connections.begin(flow(2, client: 40_001))
            connections.answer(flow(2, client: 40_001), isReported: false)
            connections.begin(flow(3, client: 40_002, destination: "10.96.0.2:80"))
            connections.begin(flow(4, client: 40_003))
            connections.begin(flow(2, client: 40_004))
            await eventually("the last one is due") { !connections.deleted.isEmpty }
        }
        #expect(connections.deleted == [flow(2, client: 40_004)])
        #expect(failures(.unanswered) == 1)
        #expect(failures(.refused) == 0)
    }

    @Test("what is set aside stays so when the Service changes, and what leaves the cluster is forgotten")
    func changes() async {
        var options = options
        options.minimumSyncPeriod = .zero
        await running(options) { loop in
            await listening()
            connections.begin(flow(1))
            connections.refuse(flow(1))
            await eventually("left out") { used == ["10.0.0.2", "10.0.0.3"] }
            await loop.take([.changed(Sample.slice("web", ["10.0.0.1", "10.0.0.2", "10.0.0.4"]))])
            await eventually("changed") { used == ["10.0.0.2", "10.0.0.4"] }
            // The new endpoint is followed as well.
            connections.begin(flow(4, client: 40_001))
            connections.refuse(flow(4, client: 40_001))
            await eventually("left out") { used == ["10.0.0.2"] }
            await loop.take([.changed(Sample.slice("web", ["10.0.0.2"]))])
            await loop.take([.changed(Sample.slice("web", ["10.0.0.1", "10.0.0.2"]))])
            await eventually("begins anew") { used == ["10.0.0.1", "10.0.0.2"] }
        }
    }

    @Test("when events were lost, the connections that wait are listed")
    func overrun() async {
        await running(options) { _ in
            await listening()
            connections.begin(flow(1), isReported: false)
            connections.overrun()
            await eventually("left out") { used == ["10.0.0.2", "10.0.0.3"] }
        }
        #expect(connections.deleted == [flow(1)])
        #expect(recorder.all.contains { if case .connectionEventsLost = $0 { true } else { false } })
    }

    @Test("a kernel that does not let us listen is reported once, and costs no rule")
    func failing() async {
        connections.fail(.notPermitted)
        await running(options) { _ in
            await eventually("reported") {
                recorder.all.contains { if case .connectionsNotFollowed = $0 { true } else { false } }
            }
            #expect(used.count == 3)
        }
    }

    @Test("an endpoint without another one is not left out, and nothing is deleted")
    func alone() async {
        let single: [ObjectUpdate] = [
            .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1"])]), .listed(.service, [Sample.service("web")]),
        ]
        await running(options, single) { _ in
            await listening()
            connections.begin(flow(1))
            await eventually("has failed") { failures(.unanswered) == 1 }
        }
        #expect(connections.deleted.isEmpty)
        #expect(retried == 0)
        #expect(used == ["10.0.0.1"])
    }

    @Test("a report has the time until the endpoint is back, of the moment")
    func remaining() async {
        await running(options) { loop in
            await listening()
            connections.begin(flow(1))
            connections.refuse(flow(1))
            await eventually("left out") { used.count == 2 }
            let times = await loop.snapshot.remainingTimes[.ipv4] ?? [:]
            #expect(times.count == 1)
            let time = times.values.first?[flow(1).reply.source] ?? .zero
            #expect(time > .seconds(30) && time <= .seconds(60))
        }
    }
}
