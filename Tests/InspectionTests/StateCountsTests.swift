// SPDX-License-Identifier: Apache-2.0

import Inspection
import NetworkTypes
import ServiceModel
import Testing

@Suite("Counts of states") struct StateCountsTests {
    @Test("are those of the lines of get services and get endpoints")
    func lists() throws {
        for families in [[IPFamily.ipv4], [.ipv4, .ipv6]] {
            let state = SampleState.read(SampleState.shop, families: families)
            let counts = state.stateCounts
            let services = try #require(try ServiceInquiry(.init()).report(on: state) as? ServiceList)
            #expect(counts.servicePorts == services.items.reduce(into: [:]) { $0[$1.state, default: 0] += 1 })
            #expect(counts.servicePorts[.invalid] == 1 && counts.servicePorts[.notProxied] == 1)
            let endpoints = try #require(try EndpointInquiry(.init()).report(on: state) as? EndpointList)
            #expect(counts.endpoints.values.reduce(0, +) == endpoints.items.count)
            let used = endpoints.items.count { $0.usedByCluster == true || $0.usedByLocal == true }
            #expect(counts.endpoints[.init(condition: .ready, isUsed: true)] == used)
            #expect(counts.endpoints[.init(condition: .notReady, isUsed: false)] == 1)
        }
    }
}
