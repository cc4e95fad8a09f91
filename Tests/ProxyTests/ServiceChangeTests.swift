// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import ServiceModel
import Testing

@testable import Proxy

@Suite("What a line tells of a changed Service") struct ServiceChangeTests {
    private static let name = ServiceName(name: "myapp")

    /// The Service with some ports, each with the same endpoints.
    private func servicePorts(ports: [UInt16] = [80], _ addresses: [String], unready: Int = 0) -> [ServicePortEndpoints]
    {
        ports.map { port in
            let name = ServicePortName(Self.name, port: "p\(port)", transport: .tcp)
            let servicePort = ServicePort(name: name, clusterIP: IPAddress(ipv4: 0x0a60_0001), port: port)
            let endpoints = addresses.compactMap(IPAddress.init).enumerated().map { index, address in
                Endpoint(
                    address: address, port: 8080, conditions: index < unready ? [] : [.ready, .serving])
            }
            return ServicePortEndpoints(servicePort: servicePort, endpoints: endpoints)
        }
    }

    private func text(_ old: [ServicePortEndpoints], _ new: [ServicePortEndpoints]) -> String? {
        ServiceChange(Self.name, from: old, to: new)?.description
    }

    @Test("counts endpoints that came and went, each once whatever the number of ports")
    func endpoints() {
        let old = servicePorts(ports: [80, 443], ["10.0.0.1", "10.0.0.2"])
        let new = servicePorts(ports: [80, 443], ["10.0.0.2", "10.0.0.3", "10.0.0.4"], unready: 1)
        #expect(text(old, new) == "default/myapp: endpoints +2 -1 (2 of 3 ready)")
        #expect(text(new, old) == "default/myapp: endpoints +1 -2 (2 of 2 ready)")
        #expect(text(old, servicePorts(ports: [80, 443], [])) == "default/myapp: endpoints -2 (0 of 0 ready)")
    }

    @Test("tells Services that come and go from those that change")
    func kinds() {
        let one = servicePorts(["10.0.0.1"])
        #expect(text([], one) == "default/myapp: new (1 of 1 endpoint ready)")
        #expect(text([], servicePorts([])) == "default/myapp: new (0 of 0 endpoints ready)")
        #expect(text(one, []) == "default/myapp: removed")
        #expect(
            text(one, servicePorts(["10.0.0.1"], unready: 1)) == "default/myapp: changed, endpoints stay (0 of 1 ready)"
        )
        #expect(text([], []) == nil)
    }

    @Test("names endpoints that are left out because they fail, and those that are used again")
    func leftOut() {
        let before = servicePorts(["10.0.0.1", "10.0.0.2"])
        var after = before
        after[0].setAside = [before[0].endpoints[0].addressPort: .failed(.refused)]
        #expect(text(before, after) == "default/myapp: left out: 10.0.0.1 (2 of 2 ready)")
        #expect(text(after, before) == "default/myapp: used again: 10.0.0.1 (2 of 2 ready)")
        var grown = servicePorts(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        #expect(text(before, grown) == "default/myapp: endpoints +1 (3 of 3 ready)")
        grown[0].setAside = after[0].setAside
        #expect(text(before, grown) == "default/myapp: endpoints +1, left out: 10.0.0.1 (3 of 3 ready)")
        #expect(text(after, grown) == "default/myapp: endpoints +1 (3 of 3 ready)")
        // Where all fail, none is left out.
        after[0].setAside[before[0].endpoints[1].addressPort] = .failed(.unanswered)
        #expect(text(before, after) == "default/myapp: changed, endpoints stay (2 of 2 ready)")
    }

    @Test("names five Services in a line, and counts the others")
    func summary() throws {
        let changes = try (1...7).map { index in
            try #require(ServiceChange(ServiceName(name: "s\(index)"), from: servicePorts(["10.0.0.1"]), to: []))
        }
        #expect([ServiceChange](changes.prefix(2)).summary == "default/s1: removed, default/s2: removed")
        #expect(changes.summary.hasSuffix("default/s5: removed and 2 more"))
    }

    @Test("of several changes before a commit, the first state is what the last one is compared with")
    func pending() {
        var changes = PendingChanges.none
        let first = servicePorts(["10.0.0.1"])
        changes.add([:], of: Self.name, former: first, flows: FlowDebt())
        changes.add([:], of: Self.name, former: servicePorts(["10.0.0.2"]), flows: FlowDebt())
        #expect(changes.former[Self.name] == first)
        // A run that failed is older than what came meanwhile.
        var later = PendingChanges.none
        later.add([:], of: Self.name, former: servicePorts(["10.0.0.3"]), flows: FlowDebt())
        later.formUnion(changes)
        #expect(later.former[Self.name] == first)
    }
}
