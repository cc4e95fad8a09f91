// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@Suite struct ServicePortNameTests {
    @Test func hasNoColonWithoutAPortName() {
        #expect(ServicePortName(namespace: "a", service: "b", port: "", transport: .tcp).description == "a/b")
        #expect(ServicePortName(namespace: "a", service: "b", port: "c", transport: .udp).description == "a/b:c")
    }

    @Test func isOrderedByNamespaceNamePortAndProtocol() {
        let names = [
            ServicePortName(namespace: "a", service: "b", port: "", transport: .sctp),
            ServicePortName(namespace: "a", service: "b", port: "", transport: .tcp),
            ServicePortName(namespace: "a", service: "b", port: "x", transport: .udp),
            ServicePortName(namespace: "a", service: "b-c", port: "x", transport: .tcp),
            ServicePortName(namespace: "a-b", service: "a", port: "", transport: .tcp),
        ]
        #expect(names.shuffled().sorted() == names)
    }
}
