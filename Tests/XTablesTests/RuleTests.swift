// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

@Suite struct RuleTests {
    @Test("A node keeps hundreds of thousands of rules, so each one is small")
    func size() {
        #expect(MemoryLayout<Rule>.stride <= 104)
    }

    private static let service = ServicePortOrigin(
        namespace: "shop", service: "web", port: "http", transport: .tcp,
        endpoints: [AddressPort(IPAddress(ipv4: 0x0a00_0001), 8080)])

    @Test(
        "A rule gives back the origin it got, when it was made or later",
        arguments: [.unknown, .base(.retries), .servicePort(service), .endpoint(at: 0, of: service)] as [Origin])
    func origin(_ origin: Origin) {
        var changed = Rule(target: .accept, origin: .base(.jump))
        changed.origin = origin
        for rule in [Rule(target: .accept, origin: origin), changed] {
            #expect(rule.origin == origin)
            #expect(rule.origin.description == origin.description)
            #expect(rule == Rule(target: .accept), "the origin is no part of what a rule is")
        }
    }
}
