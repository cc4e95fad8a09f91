// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes
import ServiceModel

func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("no address: \(text)") }
    return address
}

/// `ADDRESS:PORT`, for IPv6 `[ADDRESS]:PORT`.
func end(_ text: String) -> AddressPort {
    guard let end = AddressPort(text) else { preconditionFailure("no address and port: \(text)") }
    return end
}

/// A flow from a client to `destination`, which `answering` answers; by default, nothing was translated.
func flow(
    _ destination: String, answering: String? = nil, from source: String? = nil,
    transport: TransportProtocol = .udp, zone: FlowZone = .none, identifier: UInt32 = 1, masqueradedAs: String? = nil,
    isUnansweredConnection: Bool = false
) -> Flow {
    let client = source ?? (destination.contains("[") ? "[fd00::9]:40000" : "10.0.0.9:40000")
    return Flow(
        transport, original: .init(from: end(client), to: end(destination)),
        reply: .init(from: end(answering ?? destination), to: end(masqueradedAs ?? client)), zone: zone,
        identifier: identifier, isUnansweredConnection: isUnansweredConnection)
}

/// A service port on port 53 of 10.96.0.10, unless given, with endpoints `ADDRESS:PORT`.
func service(
    _ name: String = "dns", _ transport: TransportProtocol = .udp, clusterIP: String = "10.96.0.10",
    port: UInt16 = 53, nodePort: UInt16? = nil, externalIPs: [String] = [], loadBalancerVIPs: [String] = [],
    endpoints: [String], conditions: EndpointConditions = [.ready, .serving]
) -> ServicePortEndpoints {
    var servicePort = ServicePort(
        name: ServicePortName(namespace: "default", service: name, port: "", transport: transport),
        clusterIP: address(clusterIP), port: port, nodePort: nodePort)
    servicePort.externalIPs = externalIPs.map(address)
    servicePort.loadBalancerVIPs = loadBalancerVIPs.map(address)
    return ServicePortEndpoints(
        servicePort: servicePort,
        endpoints: endpoints.map { text in
            let end = end(text)
            return Endpoint(address: end.address, port: end.port, conditions: conditions)
        })
}
