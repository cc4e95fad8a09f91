// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@Suite struct ServiceNameTests {
    @Test("is ordered by namespace, then by name, as its ports are")
    func order() {
        let names = [("a", "z"), ("a-b", "a"), ("b", "a"), ("b", "b")].map { ServiceName(namespace: $0, name: $1) }
        #expect(names.reversed().sorted() == names)
        let ports = names.map { ServicePortName($0, port: "http", transport: .tcp) }
        #expect(ports.reversed().sorted() == ports)
    }

    @Test("is part of the name of each of its ports")
    func ports() {
        let name = ServicePortName(namespace: "ns", service: "web", port: "http", transport: .udp)
        #expect(name.serviceName == ServiceName(namespace: "ns", name: "web"))
        #expect(name == ServicePortName(name.serviceName, port: "http", transport: .udp))
        #expect((name.namespace, name.service) == ("ns", "web"))
        #expect(name.serviceName.description == "ns/web")
        #expect(ServiceName(name: "web").description == "default/web")
    }
}
