// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import KernelTables
import KernelTablesSuite
import KubernetesObjects
import NetworkTypes
import NodeTuning
import ProxyConfiguration
import TestSupport
import Testing

@testable import Proxy

@Suite("Kernel parameters under the loop") struct NodeTunerTests {
    private let folder: TemporaryFolder
    private let log = LogRecorder()

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("proc/sys/net/netfilter/nf_conntrack_udp_timeout", "30\n")
        try folder.write("proc/sys/net/ipv4/conf/all/route_localnet", "0\n")
    }

    private var timeout: String? { try? folder.read("proc/sys/net/netfilter/nf_conntrack_udp_timeout") }

    @Test("are set after the first rules, and again when options change")
    func options() async {
        var options = ProxyOptions()
        options.minimumSyncPeriod = .zero
        options.conntrackUDPTimeout = .seconds(45)
        let tuner = NodeTuner(
            options, families: [.ipv4], tuning: NodeTuning(root: folder.path, processorCount: 1), logger: log.logger)
        let loop = ProxyLoop(
            options: options, families: [.ipv4], backend: Syncer(store: MemoryStore(), lock: nil), host: FakeHost(),
            observer: tuner)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await loop.run() }
            await loop.take([.listed(.service, [])])
            #expect(timeout == "30\n")
            await loop.take([.listed(.endpointSlice, [])])
            await eventually("sets it after the first rules") { timeout == "45" }
            options.conntrackUDPTimeout = .seconds(60)
            options.localhostNodePorts = false
            await loop.reconfigure(options)
            await eventually("sets it again") { timeout == "60" }
            group.cancelAll()
        }
        #expect(log.infos.contains("net.netfilter.nf_conntrack_udp_timeout: set to 60, was 45"))
        #expect(
            log.warnings == [
                "net.ipv4.conf.all.route_localnet is left at 1; set it to 0 unless something else on this node needs it"
            ])
    }
}

@Suite("A turnstile") struct TurnstileTests {
    private actor Visitors {
        let turnstile = Turnstile()
        var steps: [Int] = []

        func visit(_ number: Int) async {
            await turnstile.withTurn {
                steps.append(number)
                for _ in 0..<10 { await Task.yield() }
                steps.append(number)
            }
        }
    }

    @Test("lets one through after the other, also while they wait for something")
    func turns() async {
        let visitors = Visitors()
        await withTaskGroup(of: Void.self) { group in
            for number in 1...20 { group.addTask { await visitors.visit(number) } }
        }
        let steps = await visitors.steps
        #expect(steps.count == 40)
        for index in stride(from: 0, to: steps.count, by: 2) { #expect(steps[index] == steps[index + 1]) }
    }
}
