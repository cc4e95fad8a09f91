// SPDX-License-Identifier: Apache-2.0

import ForeignRules
import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import TestSupport
import Testing
import XTables

@testable import Proxy

@Suite("The log of the loop") struct LogObserverTests {
    private let store = MemoryStore()
    private let log = LogRecorder()
    private let host = FakeHost()

    /// Runs a loop for IPv4 while `body` runs.
    private func running(
        requiredKinds: Set<KubernetesObject.Kind> = [.service, .endpointSlice],
        _ body: (ProxyLoop) async throws -> Void
    ) async rethrows {
        var options = ProxyOptions()
        options.minimumSyncPeriod = .zero
        options.syncPeriod = .milliseconds(20)
        let loop = ProxyLoop(
            options: options, families: [.ipv4], requiredKinds: requiredKinds, backend: Syncer(store: store, lock: nil),
            host: host,
            observer: LogObserver(log.logger, subject: "manifests=here node=node-1"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            try await body(loop)
            group.cancelAll()
        }
    }

    private let lists: [ObjectUpdate] = [
        .listed(.service, [Sample.service("web"), Sample.service("api", ip: "10.96.0.2")]),
        .listed(.endpointSlice, [Sample.slice("web", ["10.0.0.1", "10.0.0.2", "10.0.0.3"])]),
    ]

    @Test("names source, node and counts once all lists are there, before the first rules")
    func started() async {
        await running { loop in
            await loop.take([lists[0]])
            await eventually("waits") {
                log.warnings == ["no rules yet: waiting for a complete list of EndpointSlice"]
            }
            #expect(log.infos.isEmpty)
            await loop.take([lists[1]])
            await eventually("starts") { log.infos.count == 2 }
        }
        #expect(log.infos.first == "started: manifests=here node=node-1 services=2 endpoints=3")
        #expect(log.infos.last?.hasPrefix("start: IPv4 filter: ") == true)
    }

    @Test("names drift, and of the same drift again and again that another process keeps making it")
    func drift() async throws {
        try await running { loop in
            await loop.take(lists)
            await eventually("starts") { log.infos.count == 2 }
            for round in 1...7 {
                let transaction = try store.open(.nat, family: .ipv4)
                try "PREROUTING".withCString { try transaction.flushChain($0) }
                try transaction.commit()
                await eventually("repairs") { log.infos.count { $0.hasPrefix("drift repaired: IPv4 nat: ") } == round }
            }
        }
        let line = "IPv4 nat: drift repaired in 1 chain: missing: -A PREROUTING "
        #expect(log.warnings.count { $0.hasPrefix(line) } == 5)
        #expect(log.debugs.count { $0.hasPrefix(line) } == 2)
        let whole =
            "IPv4: another process keeps changing these rules; they are repaired each time: is another kube-proxy or "
            + "kubetables running on this node? \(line)"
        #expect(log.warnings.count { $0.hasPrefix(whole) } == 1)
    }

    @Test("names what is unknown without a Node; endpoints that name the node count as local nevertheless")
    func missingNode() async throws {
        try await running(requiredKinds: [.service, .endpointSlice, .node]) { loop in
            await loop.take([
                .listed(.service, [Sample.healthCheckedService("lb", ip: "10.96.0.1", port: 31000)]),
                .listed(.endpointSlice, [Sample.localSlice("lb", "10.0.0.1")]), .listed(.node, []),
            ])
            await eventually("starts") { log.infos.count == 2 }
            let rules = try #require(await loop.desiredRules(.ipv4)?.ruleset.text())
            #expect(rules.contains(/-A KUBE-SVL-[A-Z0-9]+ .* -j KUBE-SEP-/))
        }
        let line =
            "there is no Node named node-1: its zone, addresses and pod CIDRs are unknown, and only endpoints with nodeName "
            + "node-1 count as local; is --hostname-override right?"
        #expect(log.warnings == [line])
    }

    @Test("warns of what the check of the host finds, each once until it is gone")
    func hostWarnings() {
        let observer = LogObserver(log.logger, subject: "")
        observer.observe(.hostChecked(.ipv4, warnings: ["a", "b"]))
        observer.observe(.hostChecked(.ipv4, warnings: ["b"]))
        observer.observe(.hostChecked(.ipv4, warnings: ["a"]))
        #expect(log.warnings == ["a", "b", "a"])
    }

    @Test("names a foreign rule ahead of ours once, whatever it takes by now, and when it is gone")
    func foreignRules() {
        func rule(_ text: String, _ effect: String) -> ForeignRuleAhead {
            ForeignRuleAhead(table: .nat, chain: "PREROUTING", rule: text, effect: effect)
        }
        let observer = LogObserver(log.logger, subject: "")
        observer.observe(.foreignRulesAhead(.ipv4, [rule("-A a", "takes a"), rule("-A b", "takes b")]))
        observer.observe(.foreignRulesAhead(.ipv4, [rule("-A a", "takes a and c"), rule("-A b", "takes b")]))
        #expect(
            log.warnings == [
                "IPv4 nat: a foreign rule comes before our jumps and takes a: -A a",
                "IPv4 nat: a foreign rule comes before our jumps and takes b: -A b",
            ])
        observer.observe(.foreignRulesAhead(.ipv4, [rule("-A b", "takes b")]))
        observer.observe(.foreignRulesAhead(.ipv4, []))
        #expect(
            log.notices == [
                "IPv4 nat: no longer comes before our jumps: -A a",
                "IPv4: no foreign rules come before our jumps any longer",
            ])
    }

    @Test("names the foreign rules that the tables have, when they come, change and go")
    func foreignRulesOfTables() async throws {
        func change(_ rules: [Rule]) throws {
            var other = Syncer(store: store, lock: nil, ownership: ChainOwnership([:], jumpComments: []))
            other.keepsJumpsFirst = true
            let transaction = try store.open(.nat, family: .ipv4)
            try "PREROUTING".withCString { chain in
                while transaction.counters(ofRule: 1, in: chain) != nil { try transaction.deleteRule(at: 0, in: chain) }
            }
            try transaction.commit()
            let table = TableRules(table: .nat, jumps: [.prerouting: rules], chains: [])
            _ = try other.apply(Ruleset(family: .ipv4, tables: [table]))
        }
        try await running { loop in
            await loop.take(lists)
            await eventually("starts") { log.infos.count == 2 }
            let rule = try #require(IPAddress("10.96.0.1").map { Rule(destination: AddressMatch($0), target: .accept) })
            try change([rule])
            let line =
                "IPv4 nat: a foreign rule comes before our jumps and lets packets to default/web (cluster IP 10.96.0.1:80/tcp) "
                + "leave the table, so that they reach no endpoint: -A PREROUTING -d 10.96.0.1/32 -j ACCEPT"
            await eventually("is named") { log.warnings == [line] }
            try change([])
            await eventually("is gone") {
                log.notices == ["IPv4: no foreign rules come before our jumps any longer"]
            }
            #expect(log.warnings == [line])
        }
    }

    @Test("calls missing rules missing, others unexpected, and moved ones out of order")
    func words() {
        let rules: [RuleChange.Kind] = [.added, .removed, .moved]
        #expect(rules.map(\.word) == ["missing", "unexpected", "out of order"])
        #expect([ChainPlan.Kind.created, .changed, .deleted, .emptied].map(\.word).count == 4)
    }
}
