// SPDX-License-Identifier: Apache-2.0

import Inspection
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import Synchronization
import Testing

@testable import Monitoring

@Suite("The count of states for metrics") struct StateCounterTests {
    private func state(hasRules: Bool) -> InspectedState {
        var service = Service(name: ServiceName(name: "web"))
        service.clusterAddress = .addresses([IPAddress(ipv4: 0x0a60_0001)])
        service.ports = [Service.Port(number: 80)]
        let objects = ClusterObjects([.service(service)])
        let node = Node(name: "node-1")
        let compilation = Compilation(objects.snapshot(family: .ipv4), settings: CompilerSettings(node: node))
        return InspectedState(
            version: "", source: "", node: node, objects: objects, compilations: hasRules ? [compilation] : [])
    }

    @Test("is absent before there are rules")
    func early() async {
        let (none, some) = (state(hasRules: false), state(hasRules: true))
        #expect(await StateCounter { none }.counts() == nil)
        #expect(await StateCounter { some }.counts()?.servicePorts == [.noEndpoints: 1])
    }

    @Test("is the last one if the loop does not answer in time")
    func hanging() async throws {
        let hangs = Mutex(false)
        let some = state(hasRules: true)
        let counter = StateCounter {
            while hangs.withLock(\.self) { try? await Task.sleep(for: .milliseconds(10)) }
            return some
        }
        let first = await counter.counts()
        #expect(first != nil)
        hangs.withLock { $0 = true }
        let began = ContinuousClock.now
        #expect(await counter.counts() == first)
        #expect(await counter.counts() == first)
        #expect(.now - began < .seconds(10))
        hangs.withLock { $0 = false }
        #expect(await counter.counts() == first)
    }
}
