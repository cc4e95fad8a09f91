// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// A rule of one Service in a chain that many have rules in, as a kernel holds it.
struct HeldRule: Sendable {
    let table: Table
    let sharedChain: ChainName
    let rule: Rule
    /// Where clients reach it; the address is missing for ports of the node.
    let place: ServicePlace
    /// The service port that its comment names: the kernel knows nothing else about it.
    let servicePort: ServicePortName?
    /// The chain of a service port that it leads to.
    let chain: ChainName?

    /// - Returns: `nil` if the rule is for no address and port, or does what no rule of a Service does.
    init?(_ rule: Rule, in sharedChain: ChainName, of table: Table, _ layout: any RuleLayout.Type) {
        guard let place = ServicePlace(rule) else { return nil }
        let servicePort = rule.comment.flatMap { ServicePortName(comment: $0, transport: place.transport) }
        switch rule.target {
        case .jump(let target) where layout.isServicePortChain(target): chain = target
        case .drop, .rejectPortUnreachable: chain = nil
        // Only the health check node port of a Service is accepted; without a name it can be anything.
        case .accept where servicePort != nil: chain = nil
        default: return nil
        }
        self.table = table
        self.sharedChain = sharedChain
        self.rule = rule
        self.place = place
        self.servicePort = servicePort
    }

    /// The rule, with the service port as its origin.
    var ruleWithOrigin: Rule {
        var rule = rule
        rule.origin = servicePort.map { .servicePort(ServicePortOrigin($0)) } ?? .unknown
        return rule
    }
}

/// An address and port that a Service can have for itself.
struct ServicePlace: Hashable, Sendable {
    /// The address; `nil` for a port of the node.
    let address: IPAddress?
    let port: UInt16
    let transport: TransportProtocol

    init(_ address: IPAddress?, _ port: UInt16, _ transport: TransportProtocol) {
        self.address = address
        self.port = port
        self.transport = transport
    }

    /// The place that a rule is for; `nil` if it is for none.
    init?(_ rule: Rule) {
        var found: (TransportProtocol, UInt16)?
        for case .transport(let transport, let port?) in rule.matches { found = (transport, port) }
        guard let (transport, port) = found else { return nil }
        let host = rule.destination.flatMap { destination -> IPAddress? in
            let range = destination.range
            return destination.isInverted || range.prefixLength != range.address.family.addressBits
                ? nil : range.address
        }
        self.init(host, port, transport)
    }

    /// All that a service port claims.
    static func all(of servicePort: ServicePort) -> [ServicePlace] {
        let transport = servicePort.name.transport
        let addresses = [servicePort.clusterIP] + servicePort.externalIPs + servicePort.loadBalancerVIPs
        return addresses.map { ServicePlace($0, servicePort.port, transport) }
            + (servicePort.nodePort.map { [ServicePlace(nil, $0, transport)] } ?? [])
            + (servicePort.healthCheckNodePort.map { [ServicePlace(nil, $0, .tcp)] } ?? [])
    }
}

extension ServicePortName {
    /// The service port of a comment such as `namespace/name:port cluster IP`; `nil` if it names none.
    fileprivate init?(comment: String, transport: TransportProtocol) {
        let subject = comment.prefix { $0 != " " }
        let parts = subject.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard name.count == 2, name.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(
            namespace: String(name[0]), service: String(name[1]), port: parts.count > 1 ? String(parts[1]) : "",
            transport: transport)
    }
}
