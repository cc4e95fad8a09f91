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

/// What the loop does with the flows that rules pass by.
extension ProxyLoopTests {
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
    func flush(_ chain: String, _ name: Table) throws {
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

    private var cleanups: [StaleFlowCleanup.Report] {
        recorder.all.compactMap { event in
            if case .flowsCleaned(_, let report) = event { report } else { nil }
        }
    }
}
