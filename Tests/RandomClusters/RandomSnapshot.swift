// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import TestSupport

/// Draws service ports with every feature switched on at times, for properties that must hold for all of them.
package struct RandomSnapshot {
    package var random: SeededGenerator

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    package mutating func chance(_ percent: Int) -> Bool { random.chance(percent) }

    package mutating func pick<Element>(_ elements: [Element]) -> Element { random.pick(elements) }

    package mutating func address(_ family: IPFamily, net: UInt64) -> IPAddress {
        let host = UInt64.random(in: 1..<4000, using: &random)
        switch family {
        case .ipv4: return IPAddress(ipv4: UInt32(net << 16 | host))
        case .ipv6: return IPAddress(ipv6High: 0xfd00_0000_0000_0000 | net, low: host)
        }
    }

    package mutating func entry(_ index: Int, family: IPFamily) -> ServicePortEndpoints {
        var servicePort = ServicePort(
            name: ServicePortName(
                namespace: pick(["a", "b", "a-b"]), service: "svc-\(index)", port: pick(["", "http", "dns"]),
                transport: pick(TransportProtocol.allCases)),
            clusterIP: address(family, net: 0x0a60), port: UInt16.random(in: 1...65535, using: &random))
        if chance(40) { servicePort.nodePort = UInt16.random(in: 30000...32767, using: &random) }
        while chance(20) { servicePort.externalIPs.append(address(family, net: 0xc000)) }
        while chance(25) { servicePort.loadBalancerVIPs.append(address(family, net: 0xcb00)) }
        while chance(25) {
            servicePort.loadBalancerSourceRanges.append(
                CIDR(address(family, net: 0xac10), prefixLength: Int.random(in: 1...family.addressBits, using: &random))
            )
        }
        if chance(30) { servicePort.internalTrafficPolicy = .local }
        if chance(40) { servicePort.externalTrafficPolicy = .local }
        if chance(25) { servicePort.sessionAffinity = .clientIP(timeoutSeconds: pick([1, 10800, 86400])) }
        if chance(10) { servicePort.healthCheckNodePort = 31000 }
        return ServicePortEndpoints(servicePort: servicePort, endpoints: endpoints(family))
    }

    package mutating func endpoints(_ family: IPFamily) -> [Endpoint] {
        var byText: [String: Endpoint] = [:]
        let hasHints = chance(30)
        while chance(75) {
            let endpoint = Endpoint(
                address: address(family, net: 0x0af4), port: pick([80, 8080, 443]),
                conditions: pick([
                    [.ready, .serving], [.ready, .serving], [.serving, .terminating], [], [.terminating],
                ]),
                nodeName: pick(["here", "there", nil]), zoneHints: hasHints ? [pick(["a", "b"])] : [],
                nodeHints: hasHints && chance(30) ? [pick(["here", "there"])] : [])
            byText[endpoint.description] = endpoint
        }
        return byText.sorted { $0.key < $1.key }.map(\.value)
    }

    package mutating func snapshot(_ family: IPFamily, count: Int) -> ServiceSnapshot {
        ServiceSnapshot(family: family, servicePorts: (0..<count).map { entry($0, family: family) })
    }

    package mutating func settings(_ layout: RuleLayoutKind = .kubeProxy) -> CompilerSettings {
        let node = Node(
            name: "here",
            addresses: [IPAddress(ipv4: 0xac10_0001), IPAddress(ipv6High: 0xfd00_0000_0000_ac10, low: 1)],
            labels: chance(70) ? [Node.zoneLabel: "a"] : [:])
        let detectors: [LocalDetector] = [
            .none, .bridgeInterface("cbr0"), .interfacePrefix("cali"),
            .sourceRange(CIDR(IPAddress(ipv4: 0x0af4_0000), prefixLength: 16)),
        ]
        return CompilerSettings(
            node: node, ipv4LocalDetector: pick(detectors), ipv6LocalDetector: pick(Array(detectors[..<3])),
            masqueradesAll: chance(20), masqueradeBit: pick([0, 14, 31]), allowsLocalhostNodePorts: chance(70),
            nodePortAddresses: pick([.primary, .ranges([]), .ranges([CIDR(.loopback(.ipv4), prefixLength: 8)])]),
            interfaceAddresses: node.addresses + [.loopback(.ipv4), .loopback(.ipv6)], usesAccounting: chance(20),
            conntrackIsLiberal: chance(20), layout: layout)
    }
}
