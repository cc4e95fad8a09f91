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
    let store = MemoryStore()
    let recorder = EventRecorder()
    let host = FakeHost()

    var options: ProxyOptions {
        var options = ProxyOptions()
        options.minimumSyncPeriod = .zero
        options.syncPeriod = .milliseconds(20)
        return options
    }

    func makeLoop(
        _ options: ProxyOptions, families: [IPFamily] = [.ipv4], flows: StaleFlowCleanup? = nil
    ) -> ProxyLoop {
        ProxyLoop(
            options: options, families: families, backend: Syncer(store: store, lock: nil), flows: flows, host: host,
            observer: recorder)
    }

    /// Runs a loop while `body` runs.
    func running(_ loop: ProxyLoop, _ body: () async throws -> Void) async rethrows {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            try await body()
            group.cancelAll()
        }
    }

    let lists: [ObjectUpdate] = [
        .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1"])]),
        .listed(.service, [Sample.service("web")]),
    ]

    /// What the nat table holds, as text.
    func nat(_ family: IPFamily = .ipv4) -> String {
        let chains = (try? TableSnapshot(.nat, family: family, store: store))?.chains ?? []
        return chains.flatMap { chain in chain.entries.map { $0.rule.text(chain: chain.name, family: family) } }
            .joined(separator: "\n")
    }

    func holds(_ loop: ProxyLoop) async -> Bool {
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
}
