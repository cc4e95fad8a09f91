// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing
import XTables

@Suite struct ChainNamingTests {
    /// Names from kube-proxy's own tests and from clusters everybody has.
    @Test(arguments: [
        ("ns1", "svc1", "p80", TransportProtocol.tcp, "KUBE-SVC-XPGD46QRK7WJZT7O"),
        ("ns2", "svc2", "p80", .tcp, "KUBE-SVC-GNZBNJ2PO5MGZ6GT"),
        ("ns3", "svc3", "p80", .tcp, "KUBE-SVC-X27LE4BHSL4DOUIK"),
        ("ns4", "svc4", "p80", .tcp, "KUBE-SVC-4SW47YFZTEDKD3PK"),
        ("ns5", "svc5", "p80", .tcp, "KUBE-SVC-NUKIZ6OKUXPJNT4C"),
        ("default", "kubernetes", "https", .tcp, "KUBE-SVC-NPX46M4PTMTKRN6Y"),
        ("kube-system", "kube-dns", "dns", .udp, "KUBE-SVC-TCOU7JCQXEZGVUNU"),
    ])
    func serviceChainsAreNamedAsInKubeProxy(
        namespace: String, service: String, port: String, transport: TransportProtocol, chain: String
    ) {
        let rules = compile(namespace: namespace, service: service, port: port, transport: transport)
        #expect(rules.chains.contains { $0.name.description == chain })
    }

    @Test func endpointChainsAreNamedAsInKubeProxy() {
        let rules = compile(namespace: "ns1", service: "svc1", port: "p80", transport: .tcp)
        #expect(rules.chains.contains { $0.name.description == "KUBE-SEP-SXIVWICOYRO3J4NJ" })
    }

    private func compile(
        namespace: String, service: String, port: String, transport: TransportProtocol
    ) -> TableRules {
        let servicePort = ServicePort(
            name: ServicePortName(namespace: namespace, service: service, port: port, transport: transport),
            clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80)
        let endpoint = Endpoint(address: IPAddress(ipv4: 0x0ab4_0001), port: 80)
        let snapshot = ServiceSnapshot(
            family: .ipv4, servicePorts: [ServicePortEndpoints(servicePort: servicePort, endpoints: [endpoint])])
        return Compilation(snapshot, settings: CompilerSettings(node: Node(name: "n"))).ruleset[.nat]
    }
}
