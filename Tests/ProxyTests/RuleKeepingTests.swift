// SPDX-License-Identifier: Apache-2.0

import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel
import TestSupport
import Testing
import XTables

@testable import Proxy

/// A start with input that cannot be read completely.
@Suite("Rules in the kernel at the start") struct RuleKeepingTests {
    private let store = MemoryStore()
    private let recorder = EventRecorder()
    private let log = LogRecorder()

    private static let error = Diagnostic(.error, file: "m/a.yaml", line: 3, message: "cannot be read: it is odd")
    private static let before: [ObjectUpdate] = [
        .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1"]), Sample.slice("shop", ["10.0.0.2"])]),
        .listed(.service, [Sample.service("web"), Sample.service("shop", ip: "10.96.0.2")]),
    ]

    private func loop() -> ProxyLoop {
        var options = ProxyOptions()
        options.minimumSyncPeriod = .zero
        options.syncPeriod = .milliseconds(20)
        return ProxyLoop(
            options: options, families: [.ipv4], backend: Syncer(store: store, lock: nil), host: FakeHost(),
            observer: Observers([recorder, LogObserver(log.logger, subject: "")]))
    }

    private func running(_ loop: ProxyLoop, _ body: () async throws -> Void) async rethrows {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            try await body()
            group.cancelAll()
        }
    }

    private var nat: String {
        let chains = (try? TableSnapshot(.nat, family: .ipv4, store: store))?.chains ?? []
        return chains.flatMap { chain in chain.entries.map { $0.rule.text(chain: chain.name, family: .ipv4) } }
            .joined(separator: "\n")
    }

    private var reports: [KeptRulesReport] {
        recorder.all.compactMap { if case .rulesKept(let report) = $0 { report } else { nil } }
    }

    /// Lets an earlier run write its rules.
    private func fill() async {
        let loop = loop()
        await running(loop) {
            await loop.take(Self.before)
            await eventually("an earlier run is in sync") { nat.contains("10.0.0.2:8080") }
        }
    }

    @Test("stay if a file cannot be read that may be behind them, and go when it can")
    func file() async {
        await fill()
        let commits = store.commitCount
        let loop = loop()
        await running(loop) {
            await loop.take([
                .unreadableFiles([Self.error]), .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1"])]),
                .listed(.service, [Sample.service("web")]),
            ])
            await eventually("reported") { reports.count == 1 }
            #expect(store.commitCount == commits, "everything is as it was")
            #expect(
                reports[0].services == [ServiceName(name: "shop")] && reports[0].rules == 4 && reports[0].chains == 2)
            #expect(reports[0].unreadable == ["m/a.yaml"] && reports[0].endpoints == 0)
            #expect(await loop.desiredRules(.ipv4)?.ruleset.text().contains("default/shop cluster IP") == true)

            // What another process removes of it comes back.
            if let transaction = try? store.open(.nat, family: .ipv4) {
                try? "KUBE-SERVICES".withCString { try transaction.flushChain($0) }
                try? transaction.commit()
            }
            await eventually("repaired") { nat.contains("default/shop cluster IP") }

            await loop.take([.unreadableFiles([])])
            await eventually("gone") { !nat.contains("shop") && nat.contains("10.0.0.1:8080") }
            await eventually("reported") { reports.last?.isEmpty == true }
        }
        #expect(
            log.warnings.contains(
                "IPv4: 2 chains and 4 rules of 1 Service (default/shop) stay as the kernel has them, because this could not be "
                    + "read since the start: m/a.yaml"))
        #expect(log.notices == ["IPv4: all input was read; nothing of an earlier run's rules is kept any longer"])
    }

    @Test("keep the endpoints of a readable Service whose slices may be in the file")
    func endpoints() async {
        await fill()
        let commits = store.commitCount
        let loop = loop()
        await running(loop) {
            await loop.take([
                .unreadableFiles([Self.error]), .listed(.endpointSlice, []),
                .listed(.service, [Sample.service("web"), Sample.service("shop", ip: "10.96.0.2")]),
            ])
            await eventually("reported") { reports.count == 1 }
            #expect(store.commitCount == commits)
            #expect(reports[0].endpoints == 2 && reports[0].rules == 0)
            // A readable slice adds its own, and what it had named before goes with it.
            await loop.take([.changed(Sample.slice("web", ["10.0.0.1", "10.0.0.7"]))])
            await eventually("added") { nat.contains("10.0.0.7:8080") }
            await loop.take([.changed(Sample.slice("web", ["10.0.0.7"]))])
            await eventually("removed") { !nat.contains("10.0.0.1:8080") }
            #expect(nat.contains("10.0.0.2:8080"))
            await loop.take([.unreadableFiles([])])
            await eventually("gone") { !nat.contains("10.0.0.2") }
        }
        #expect(recorder.synchronizations.flatMap(\.report.drift).isEmpty)
    }

    @Test("go as usual if only objects cannot be read that have nothing to do with endpoints of others")
    func unrelatedEndpoints() async {
        await fill()
        let name = ObjectName(name: "bad")
        let bad = Diagnostic(.error, file: "m/b.yaml", kind: "Service", name: name, message: "is wrong")
        let loop = loop()
        await running(loop) {
            await loop.take([.unreadableFiles([bad]), .listed(.endpointSlice, []), Self.before[1]])
            await eventually("removed") { !nat.contains("10.0.0.1:8080") }
        }
    }

    @Test(
        "stay for an object that an API server has and that cannot be read, until it can or is gone",
        arguments: [true, false])
    func clusterObject(isRepaired: Bool) async {
        await fill()
        let name = ObjectName(name: "shop")
        let bad = UnreadableObject(
            kind: .service, name: name,
            diagnostics: [Diagnostic(.error, file: "", kind: "Service", name: name, message: "is wrong")])
        let loop = loop()
        await running(loop) {
            await loop.take([Self.before[0]])
            await loop.take([.listed(.service, [Sample.service("web")], unreadable: [bad])])
            await eventually("reported") { reports.count == 1 }
            #expect(nat.contains("default/shop cluster IP") && nat.contains("10.0.0.2:8080"))
            #expect(reports[0].unreadable == ["Service default/shop"])
            if isRepaired {
                await loop.take([.changed(Sample.service("shop", ip: "10.96.0.99"))])
                await eventually("follows") { nat.contains("10.96.0.99") && !nat.contains("10.96.0.2/32") }
            } else {
                await loop.take([.removed(.service, name)])
                await eventually("gone") { !nat.contains("shop") }
            }
            // What turns bad later has a last good state, or is new: nothing is kept for it.
            await loop.take([.unreadable(bad), .removed(.service, ObjectName(name: "web"))])
            await eventually("removed") { !nat.contains("default/web") }
        }
    }

    @Test("are asked for again if the kernel cannot be read at first")
    func kernelError() async {
        await fill()
        let loop = loop()
        store.failNextRead(12)
        await running(loop) {
            await loop.take([
                .unreadableFiles([Self.error]), .listed(.endpointSlice, []), .listed(.service, [Sample.service("web")]),
            ])
            await eventually("reported") { reports.count == 1 }
        }
        #expect(recorder.failures == [.ipv4])
        #expect(nat.contains("10.0.0.1:8080") && nat.contains("10.0.0.2:8080"))
    }

    @Test("of a Service that was named once do not come back")
    func namedOnce() async {
        await fill()
        let loop = loop()
        await running(loop) {
            await loop.take([
                .unreadableFiles([Self.error]), .listed(.endpointSlice, []), .listed(.service, []),
            ])
            await eventually("reported") { reports.count == 1 }
            await loop.take([.changed(Sample.service("shop", ip: "None"))])
            await eventually("removed") { !nat.contains("shop") }
            await loop.take([.removed(.service, ObjectName(name: "shop"))])
            await loop.take([.changed(Sample.service("new", ip: "10.96.0.7"))])
            await eventually("synchronized") { recorder.synchronizations.last?.reason == .check }
            #expect(!nat.contains("shop") && nat.contains("default/web"))
        }
    }
}
