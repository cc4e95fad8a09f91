// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@Suite("Service ports that miss endpoints on this node") struct MissingLocalEndpointsTests {
    private var servicePort: ServicePort {
        ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
            clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80, nodePort: 30080)
    }

    private func endpoint(on node: String, _ conditions: EndpointConditions = [.ready, .serving]) -> Endpoint {
        Endpoint(address: IPAddress(ipv4: 0x0af4_0001), port: 8080, conditions: conditions, nodeName: node)
    }

    private func count(
        _ counts: inout MissingLocalEndpoints, _ endpoints: [Endpoint], _ change: (inout ServicePort) -> Void
    ) {
        var port = servicePort
        change(&port)
        counts.count(port, EndpointSelection(of: endpoints, for: port, on: Node(name: "here")))
    }

    @Test("are counted by the policy that misses them")
    func policies() {
        var counts = MissingLocalEndpoints()
        let remote = [endpoint(on: "there")]
        count(&counts, remote) { $0.internalTrafficPolicy = .local }
        count(&counts, remote) { $0.externalTrafficPolicy = .local }
        count(&counts, remote) {
            $0.internalTrafficPolicy = .local
            $0.externalTrafficPolicy = .local
        }
        #expect(counts.internalPolicy == 2)
        #expect(counts.externalPolicy == 2)
        #expect(counts + counts - counts == counts)
        #expect(counts - counts == MissingLocalEndpoints())
    }

    @Test("are not counted if nobody asks for local ones, or nobody at all could answer, or somebody here does")
    func exceptions() {
        var counts = MissingLocalEndpoints()
        let remote = [endpoint(on: "there")]
        count(&counts, remote) { _ in }
        count(&counts, remote) {
            $0.externalTrafficPolicy = .local
            $0.nodePort = nil
        }
        count(&counts, []) { $0.internalTrafficPolicy = .local }
        count(&counts, [endpoint(on: "here", [.serving, .terminating])]) { $0.internalTrafficPolicy = .local }
        #expect(counts == MissingLocalEndpoints())
    }
}
