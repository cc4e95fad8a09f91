// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel
import Testing

@testable import Proxy

@Suite("What the loop reports besides rules") struct LoopFactsTests {
    private let store = MemoryStore()
    private let recorder = EventRecorder()
    private let host = FakeHost()

    /// Runs a loop for IPv4 while `body` runs.
    private func running(_ body: (ProxyLoop) async throws -> Void) async rethrows {
        var options = ProxyOptions()
        options.minimumSyncPeriod = .zero
        options.syncPeriod = .milliseconds(20)
        let loop = ProxyLoop(
            options: options, families: [.ipv4], backend: Syncer(store: store, lock: nil), host: host,
            observer: recorder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            try await body(loop)
            group.cancelAll()
        }
    }

    private let lists: [ObjectUpdate] = [
        .listed(
            .service, [Sample.healthCheckedService("lb", ip: "10.96.0.1", port: 31000), Sample.service("web")]),
        .listed(
            .endpointSlice, [Sample.localSlice("lb", "10.0.0.1"), Sample.slice("web", ["10.0.1.1"])]),
    ]

    private func services(_ reported: HealthCheckedServices?) -> [String] {
        reported?.servicePorts.map {
            "\($0.servicePort.name): \($0.endpoints.map(\.description).joined(separator: " "))"
        }
            ?? []
    }

    @Test("health checked Services come after their rules, with each change of them and of no other Service")
    func healthChecks() async throws {
        try await running { loop in
            await loop.take(lists)
            await eventually("reports") { recorder.healthChecks.count == 1 }
            let first = try #require(recorder.healthChecks.first)
            #expect(store.commitCount == 2)
            #expect(services(first) == ["default/lb: 10.0.0.1:8080"])
            #expect(first.nodeName == "node-1")
            #expect(first.nodePortAddresses == nil)

            await loop.take([.changed(Sample.slice("web", ["10.0.1.2"]))])
            await eventually("follows") { recorder.synchronizations.contains { $0.reason == .change } }
            #expect(recorder.healthChecks.count == 1)

            await loop.take([.changed(Sample.healthCheckedService("api", ip: "10.96.0.2", port: 31001))])
            await eventually("reports the new one") { recorder.healthChecks.count == 2 }
            #expect(services(recorder.healthChecks.last) == ["default/api: ", "default/lb: 10.0.0.1:8080"])

            await loop.take([.removed(.service, ObjectName(name: "lb")), .removed(.service, ObjectName(name: "api"))])
            await eventually("reports that none is left") { recorder.healthChecks.last?.servicePorts.isEmpty == true }
        }
    }

    @Test("an endpoint that is about to end is reported even though its rules stay")
    func endingEndpoint() async {
        await running { loop in
            await loop.take(lists)
            await eventually("reports") { recorder.healthChecks.count == 1 }
            let commits = store.commitCount
            let ending = Sample.localSlice(
                "lb", "10.0.0.1", conditions: "ready: false, serving: true, terminating: true")
            await loop.take([.changed(ending)])
            await eventually("reports the end") { recorder.healthChecks.count == 2 }
            #expect(recorder.healthChecks.last?.servicePorts.first?.endpoints.first?.isReady == false)
            #expect(store.commitCount == commits)
        }
    }

    @Test("other node port addresses are reported, too")
    func healthCheckAddresses() async {
        await running { loop in
            await loop.take(lists)
            await eventually("reports") { recorder.healthChecks.count == 1 }
            var options = await loop.options
            options.nodePortAddresses = .ranges([CIDR("192.168.0.0/16")!])
            await loop.reconfigure(options)
            await eventually("reports the addresses") { recorder.healthChecks.count == 2 }
            #expect(recorder.healthChecks.last?.nodePortAddresses?.map(\.description) == ["192.168.50.10"])
        }
    }

    @Test("a Node that is about to be removed is reported at once, be nothing else known, and each change of that once")
    func leavingNode() async {
        func node(_ name: String, taint: String?) -> KubernetesObject {
            let taints = taint.map { "{key: \($0)}" } ?? ""
            return Sample.objects(
                "{apiVersion: v1, kind: Node, metadata: {name: \(name)}, spec: {taints: [\(taints)]}}")[0]
        }
        await running { loop in
            await loop.take([.changed(node("node-1", taint: nil))])
            await loop.take([.changed(node("node-2", taint: NodeObject.removalTaint))])
            #expect(recorder.leavings.isEmpty)
            await loop.take([.changed(node("node-1", taint: NodeObject.removalTaint))])
            #expect(recorder.leavings == [true])
            await loop.take(lists)
            // Who is gone does not come back by that.
            await loop.take([.removed(.node, ObjectName(namespace: "", name: "node-1"))])
            #expect(recorder.leavings == [true])
            await loop.take([.changed(node("node-1", taint: "another"))])
            #expect(recorder.leavings == [true, false])
        }
    }

    @Test("changes are counted when they come, and pending until they are in force, also when a run fails")
    func changes() async {
        await running { loop in
            store.failNextRead(ENOMEM)
            await loop.take([lists[0]])
            #expect(recorder.changes == ChangeCounts(services: 2))
            #expect(recorder.pending.isEmpty)
            await loop.take([lists[1]])
            #expect(recorder.changes == ChangeCounts(services: 2, endpoints: 2))
            #expect(recorder.pending == [ChangeCounts(services: 2, endpoints: 2)])
            await eventually("is in sync") { recorder.synchronizations.count == 1 }
            await eventually("nothing waits") { recorder.pending.last == ChangeCounts() }
            #expect(recorder.failures == [.ipv4])
            #expect(recorder.pending.count == 2)
            // Nothing becomes of it: no Service has that name.
            await loop.take([.changed(Sample.slice("other", ["10.0.2.1"]))])
            #expect(recorder.changes.endpoints == 3)
            #expect(recorder.pending.count == 2)
        }
    }

    @Test("when changes of endpoints were seen is reported once they are in force: of those since the start, each once")
    func triggerTimes() async {
        let now = Timestamp.now
        let late = Timestamp(seconds: now.seconds + 1000)
        await running { loop in
            let old = Timestamp(seconds: now.seconds - 1000)
            await loop.take([
                lists[0],
                .listed(.endpointSlice, [Sample.slice("web", ["10.0.1.1"], triggeredAt: old)]),
            ])
            await eventually("is in sync") { recorder.synchronizations.count == 1 }
            let changed = Sample.slice("web", ["10.0.1.2"], triggeredAt: late)
            await loop.take([.changed(changed), .changed(Sample.slice("other", ["10.0.2.1"], triggeredAt: late))])
            await eventually("follows") { recorder.synchronizations.contains { $0.reason == .change } }
            // The same again, and later: no rule depends on it.
            await loop.take([.changed(changed)])
            let again = Sample.slice("web", ["10.0.1.2"], triggeredAt: Timestamp(seconds: late.seconds + 1))
            await loop.take([.changed(again)])
            await loop.take([.removed(.endpointSlice, ObjectName(name: "web-s"))])
            await eventually("removes") { recorder.synchronizations.count { $0.reason == .change } == 2 }
        }
        #expect(recorder.synchronizations.flatMap(\.triggerTimes) == [late])
    }

    @Test("Services that miss local endpoints are counted as they change")
    func missingLocalEndpoints() async {
        func service(_ name: String, ip: String, policy: String) -> KubernetesObject {
            Sample.objects(
                """
                {apiVersion: v1, kind: Service, metadata: {name: \(name)},
                 spec: {clusterIP: "\(ip)", internalTrafficPolicy: \(policy), ports: [{port: 80}]}}
                """)[0]
        }
        func missing() -> [Int] {
            recorder.synchronizations.filter { $0.reason != .check }.map(\.missingLocalEndpoints.internalPolicy)
        }
        await running { loop in
            await loop.take([
                .listed(
                    .service,
                    [service("a", ip: "10.96.0.1", policy: "Local"), service("b", ip: "10.96.0.2", policy: "Local")]),
                .listed(
                    .endpointSlice, [Sample.slice("a", ["10.0.0.1"]), Sample.slice("b", ["10.0.0.2"])]),
            ])
            await eventually("is in sync") { missing() == [2] }
            await loop.take([.changed(Sample.localSlice("a", "10.0.0.1"))])
            await eventually("follows") { missing() == [2, 1] }
            await loop.take([.changed(service("b", ip: "10.96.0.2", policy: "Cluster"))])
            await eventually("follows the policy") { missing() == [2, 1, 0] }
        }
    }
}
