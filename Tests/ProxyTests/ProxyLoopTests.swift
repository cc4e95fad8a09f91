// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Glibc
import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import Synchronization
import SystemPackage
import Testing
import XTables

@testable import Proxy

@Suite("The loop") struct ProxyLoopTests {
    private let store = MemoryStore()
    private let recorder = EventRecorder()
    private let host = FakeHost()

    private var options: ProxyOptions {
        var options = ProxyOptions()
        options.minimumSyncPeriod = .zero
        options.syncPeriod = .milliseconds(20)
        return options
    }

    private func makeLoop(
        _ options: ProxyOptions, families: [IPFamily] = [.ipv4], flows: StaleFlowCleanup? = nil
    ) -> ProxyLoop {
        ProxyLoop(
            options: options, families: families, backend: Syncer(store: store, lock: nil), flows: flows, host: host,
            observer: recorder)
    }

    /// Runs a loop while `body` runs.
    private func running(_ loop: ProxyLoop, _ body: () async throws -> Void) async rethrows {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            try await body()
            group.cancelAll()
        }
    }

    private let lists: [ObjectUpdate] = [
        .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1"])]),
        .listed(.service, [Sample.service("web")]),
    ]

    /// What the nat table holds, as text.
    private func nat(_ family: IPFamily = .ipv4) -> String {
        let chains = (try? TableSnapshot(.nat, family: family, store: store))?.chains ?? []
        return chains.flatMap { chain in chain.entries.map { $0.rule.text(chain: chain.name, family: family) } }
            .joined(separator: "\n")
    }

    private func holds(_ loop: ProxyLoop) async -> Bool {
        // Compiled from scratch, to be held against what many small changes have led to.
        guard let settings = await loop.settings, let desired = await loop.desiredRules(.ipv4)?.ruleset else {
            return false
        }
        let rules = Compilation(await loop.state.objects.snapshot(family: .ipv4), settings: settings).ruleset
        guard desired == rules else { return false }
        return (try? Syncer(store: store, lock: nil).plan(rules).isEmpty) ?? false
    }

    @Test("writes no rule before both lists are complete, and reports what it waits for")
    func waiting() async {
        let loop = makeLoop(options)
        await running(loop) {
            await loop.take([lists[1]])
            await eventually("waits") {
                recorder.all.contains {
                    if case .waiting([.endpointSlice]) = $0 { true } else { false }
                }
            }
            #expect(store.commitCount == 0)
            await loop.take([lists[0]])
            await eventually("is in sync") { await holds(loop) }
            #expect(store.commitCount == 2)
        }
    }

    @Test("takes over changes, each with what it changes only, and makes no commit for one that changes nothing")
    func changes() async throws {
        let loop = makeLoop(options)
        try await running(loop) {
            await loop.take(lists)
            await eventually("is in sync") { await holds(loop) }
            await loop.take([.changed(Sample.slice("web", ["10.0.0.1", "10.0.0.2"]))])
            await eventually("follows") { nat().contains("10.0.0.2") }
            await eventually("reports") { recorder.synchronizations.last { $0.reason == .change } != nil }
            #expect(recorder.synchronizations.last { $0.reason == .change }?.changedServices == 1)
            let commits = store.commitCount
            let runs = recorder.synchronizations.count { $0.reason == .change }
            await loop.take(lists.reversed() + [.changed(Sample.slice("web", ["10.0.0.1", "10.0.0.2"]))])
            await loop.take([.changed(Sample.service("headless", ip: "None"))])
            try await Task.sleep(for: .milliseconds(60))
            #expect(store.commitCount == commits)
            #expect(recorder.synchronizations.count { $0.reason == .change } == runs)
            await loop.take([.removed(.service, ObjectName(name: "web"))])
            await eventually("forgets") { !nat().contains("10.0.0.1") }
        }
        #expect(recorder.synchronizations.flatMap(\.report.drift).isEmpty)
    }

    @Test("collects changes that come within the minimum period")
    func coalescing() async {
        var options = options
        options.minimumSyncPeriod = .milliseconds(300)
        options.syncPeriod = .seconds(30)
        let loop = makeLoop(options)
        await running(loop) {
            await loop.take(lists)
            await eventually("is in sync") { await holds(loop) }
            for number in 1...50 { await loop.take([.changed(Sample.slice("web", ["10.0.1.\(number)"]))]) }
            await eventually("follows") { await holds(loop) }
            await eventually("reports") { recorder.synchronizations.count >= 2 }
        }
        // The start, and one for all 50.
        #expect(recorder.synchronizations.count == 2)
        // One Service, however often it changed.
        #expect(recorder.synchronizations.last?.changedServices == 1)
    }

    @Test("notices within a period what another process did to the tables, repairs it and names it")
    func drift() async throws {
        let loop = makeLoop(options)
        try await running(loop) {
            await loop.take(lists)
            await eventually("is in sync") { await holds(loop) }
            try flush("PREROUTING", .nat)
            await eventually("repairs") { recorder.synchronizations.contains { !$0.report.drift.isEmpty } }
            let drift = recorder.synchronizations.flatMap(\.report.drift)
            #expect(drift.map(\.chains.first?.chain) == ["PREROUTING"])
            #expect(await holds(loop))
        }
    }

    @Test("tries again what failed, and with it what has changed meanwhile")
    func failure() async {
        var options = options
        options.syncPeriod = .milliseconds(200)
        let loop = makeLoop(options)
        await running(loop) {
            store.failNextRead(ENOMEM)
            await loop.take(lists)
            await eventually("fails") { recorder.failures == [.ipv4] }
            await eventually("is in sync") { await holds(loop) }
            await eventually("reports") { recorder.synchronizations.first?.reason == .retry }
        }
    }

    @Test("keeps one family in sync while the other fails")
    func families() async {
        let failing = FailingStore(store: store, family: .ipv6)
        let loop = ProxyLoop(
            options: options, backend: Syncer(store: failing, lock: nil), host: host, observer: recorder)
        await running(loop) {
            await loop.take(lists)
            await eventually("keeps IPv4 in sync") { await holds(loop) }
            await eventually("goes on failing for IPv6") { recorder.failures.count >= 2 }
        }
        #expect(Set(recorder.failures) == [.ipv6])
    }

    @Test("takes over a changed node, changed options and changed addresses without a restart")
    func settings() async throws {
        var options = options
        options.detectLocalMode = .nodeCIDR
        let loop = makeLoop(options)
        try await running(loop) {
            await loop.take(lists)
            await eventually("reports why not") {
                recorder.all.contains { if case .unusableSettings = $0 { true } else { false } }
            }
            #expect(store.commitCount == 0)
            await loop.take([.changed(Sample.node(podCIDR: "10.244.1.0/24"))])
            await eventually("is in sync") { await holds(loop) }
            #expect(nat().contains("! -s 10.244.1.0/24"), "the node's range")
            await loop.take([.changed(Sample.node(podCIDR: "10.244.2.0/24"))])
            await eventually("follows the node") { nat().contains("! -s 10.244.2.0/24") }

            options.masqueradeBit = 15
            options.nodePortAddresses = .ranges([CIDR("192.168.0.0/16")!])
            await loop.reconfigure(options)
            await eventually("follows the options") {
                nat().contains("0x8000") && nat().contains("-d 192.168.50.10/32")
            }
            host.interfaceAddresses.append(IPAddress("192.168.60.10")!)
            await eventually("follows the addresses") { nat().contains("-d 192.168.60.10/32") }
            // A node that is gone, and options that make no sense, leave the rules as they are.
            let commits = store.commitCount
            await loop.take([.removed(.node, ObjectName(namespace: "", name: "node-1"))])
            try await Task.sleep(for: .milliseconds(50))
            #expect(store.commitCount == commits)
        }
        #expect(recorder.synchronizations.flatMap(\.report.drift).isEmpty)
    }

    @Test("deletes the flows of endpoints that are gone, after the commit, and tries again what could not be done")
    func flows() async throws {
        let service = AddressPort(IPAddress("10.96.0.1")!, 80)
        let flows = [1, 2].map { (number: UInt16) in
            let client = AddressPort(IPAddress("10.1.1.1")!, 5353 + number)
            let endpoint = AddressPort(IPAddress("10.0.0.\(number)")!, 8080)
            return Flow(
                .udp, original: Flow.Direction(from: client, to: service),
                reply: Flow.Direction(from: endpoint, to: client))
        }
        let table = MemoryFlowTable(flows)
        let loop = makeLoop(options, flows: StaleFlowCleanup(table))
        await running(loop) {
            await loop.take([
                .listed(.service, [Sample.service("dns", transport: "UDP")]),
                .listed(
                    .endpointSlice, [Sample.slice("dns", transport: "UDP", ["10.0.0.1", "10.0.0.2"])]),
            ])
            await eventually("is in sync") { await holds(loop) }
            await eventually("checks flows") { cleanups.count >= 1 }
            #expect(table.flows == flows)
            await loop.take([.changed(Sample.slice("dns", transport: "UDP", ["10.0.0.2"]))])
            await eventually("deletes the flow") { table.flows == [flows[1]] }
            // The last endpoint goes, too: kubernetes#139628. The first time the kernel is busy.
            table.failListings(.noBufferSpace)
            await loop.take([.changed(Sample.slice("dns", transport: "UDP", []))])
            await eventually("reports that it could not") {
                recorder.all.contains { if case .flowsNotCleaned = $0 { true } else { false } }
            }
            #expect(table.flows == [flows[1]])
            table.failListings(nil)
            await eventually("deletes the flow of a Service without endpoints") { table.flows.isEmpty }
        }
    }

    @Test("after a repair in nat, and in no other table, deletes the flows that began without rules")
    func flowsAfterDrift() async throws {
        let client = AddressPort(IPAddress("10.1.1.1")!, 5353)
        let begun = [TransportProtocol.udp, .tcp].enumerated().map { index, transport in
            let place = AddressPort(IPAddress("10.96.0.\(index + 1)")!, 80)
            return Flow(
                transport, original: Flow.Direction(from: client, to: place),
                reply: Flow.Direction(from: place, to: client), identifier: UInt32(index),
                isUnansweredConnection: transport == .tcp)
        }
        let table = MemoryFlowTable()
        let loop = makeLoop(options, flows: StaleFlowCleanup(table))
        try await running(loop) {
            await loop.take([
                .listed(.service, [Sample.service("dns", transport: "UDP"), Sample.service("web", ip: "10.96.0.2")]),
                .listed(
                    .endpointSlice,
                    [Sample.slice("dns", transport: "UDP", ["10.0.0.1"]), Sample.slice("web", ["10.0.0.2"])]),
            ])
            await eventually("checks flows at the start") { cleanups.count == 1 }
            for flow in begun { table.add(flow) }
            try flush("FORWARD", .filter)
            await eventually("repairs filter") { repairedTables == [.filter] }
            await loop.take([.changed(Sample.slice("web", ["10.0.0.3"]))])
            await eventually("follows") { nat().contains("10.0.0.3") }
            #expect(table.flows == begun)
            try flush("PREROUTING", .nat)
            await eventually("deletes the flows, and reports it") { table.flows.isEmpty && cleanups.count == 2 }
            #expect(repairedTables == [.filter, .nat])
            #expect(cleanups.map(\.deletion.deleted) == [0, 1])
            #expect(cleanups.map(\.connections.deleted) == [0, 1])
        }
    }

    /// Removes the rules of a chain, as another program does.
    private func flush(_ chain: String, _ name: Table) throws {
        let transaction = try store.open(name, family: .ipv4)
        try chain.withCString { try transaction.flushChain($0) }
        try transaction.commit()
    }

    private var repairedTables: [Table] { recorder.synchronizations.flatMap(\.report.drift).map(\.table) }

    @Test("does not delete flows before the rules that take their endpoint away are committed")
    func flowsOfLaterChanges() async throws {
        let client = AddressPort(IPAddress(ipv4: 0x0a01_0101), 5353)
        let flow = Flow(
            .udp, original: Flow.Direction(from: client, to: AddressPort(IPAddress(ipv4: 0x0a60_0001), 80)),
            reply: Flow.Direction(from: AddressPort(IPAddress(ipv4: 0x0a00_0001), 8080), to: client))
        let table = MemoryFlowTable([flow])
        let gate = GatedStore(store)
        let loop = ProxyLoop(
            options: options, families: [.ipv4], backend: Syncer(store: gate, lock: nil),
            flows: StaleFlowCleanup(table), host: host, observer: recorder)
        await running(loop) {
            await loop.take([
                .listed(.service, [Sample.service("dns", transport: "UDP")]),
                .listed(.endpointSlice, [Sample.slice("dns", transport: "UDP", ["10.0.0.1"])]),
            ])
            await eventually("is in sync") { cleanups.count == 1 }
            gate.close()
            await loop.take([.changed(Sample.service("web", ip: "10.96.0.2"))])
            await eventually("is at work") { gate.isWaitedFor }
            await loop.take([.changed(Sample.slice("dns", transport: "UDP", ["10.0.0.2"]))])
            gate.openOnce()
            await eventually("is at work again") { gate.isWaitedFor }
            // The kernel still leads flows to the old endpoint.
            #expect(nat().contains("10.0.0.1"))
            #expect(table.flows == [flow])
            gate.open()
            await eventually("deletes the flow") { table.flows.isEmpty }
            #expect(!nat().contains("10.0.0.1"))
        }
    }

    @Test("takes no label of the node for a change but the zone's")
    func labels() async throws {
        func node(_ labels: String) -> KubernetesObject {
            Sample.objects("{apiVersion: v1, kind: Node, metadata: {name: node-1, labels: {\(labels)}}}")[0]
        }
        let loop = makeLoop(options)
        try await running(loop) {
            await loop.take(lists + [.changed(node("a: b"))])
            await eventually("is in sync") { recorder.synchronizations.count == 1 }
            await loop.take([.changed(node("a: c"))])
            try await Task.sleep(for: .milliseconds(60))
            #expect(recorder.synchronizations.count { $0.reason == .change } == 0)
            await loop.take([.changed(node("topology.kubernetes.io/zone: z"))])
            await eventually("follows") { recorder.synchronizations.count { $0.reason == .change } == 1 }
        }
    }

    private var cleanups: [StaleFlowCleanup.Report] {
        recorder.all.compactMap { event in
            if case .flowsCleaned(_, let report) = event { report } else { nil }
        }
    }
}

/// A store whose commits can be kept waiting.
private final class GatedStore: KernelTableStore {
    private enum State {
        case open
        case closed
        case openOnce
    }

    private let store: MemoryStore
    private let state = Mutex(State.open)
    private let waiting = Atomic(false)
    private let passes = Atomic(0)

    init(_ store: MemoryStore) { self.store = store }

    var isWaitedFor: Bool { waiting.load(ordering: .sequentiallyConsistent) }

    func close() { state.withLock { $0 = .closed } }
    func open() { state.withLock { $0 = .open } }
    func openOnce() {
        let before = passes.load(ordering: .sequentiallyConsistent)
        state.withLock { $0 = .openOnce }
        // Else the caller could take the one who waits now for the next one, who may be there before the caller checks.
        while passes.load(ordering: .sequentiallyConsistent) == before { usleep(1000) }
    }

    /// The nat table comes first, so one reading of it is one run.
    func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        if table == .nat {
            while true {
                let mayPass = state.withLock { state in
                    defer { if state == .openOnce { state = .closed } }
                    return state != .closed
                }
                if mayPass { break }
                waiting.store(true, ordering: .sequentiallyConsistent)
                usleep(1000)
            }
            waiting.store(false, ordering: .sequentiallyConsistent)
            passes.add(1, ordering: .sequentiallyConsistent)
        }
        return try store.open(table, family: family)
    }

    func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        try store.stamp(of: table, family: family)
    }
}

/// A store that has one family only.
private struct FailingStore: KernelTableStore {
    let store: MemoryStore
    let family: IPFamily

    func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        try check(table, family)
        return try store.open(table, family: family)
    }

    func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        try check(table, family)
        return try store.stamp(of: table, family: family)
    }

    private func check(_ table: Table, _ family: IPFamily) throws(KernelFailure) {
        if family == self.family {
            throw KernelFailure(.open, table: table, family: family, errorNumber: ENOPROTOOPT)
        }
    }
}
