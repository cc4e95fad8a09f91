// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// A rule of one Service in a chain that many have rules in, as a kernel holds it.
struct HeldRule: Sendable {
    let table: Table
    let sharedChain: ChainName
    let rule: Rule
    let frontEnd: FrontEnd
    /// The service port that its comment names: the kernel knows nothing else about it.
    let servicePort: ServicePortName?
    /// The chain of a service port that it leads to.
    let chain: ChainName?

    /// - Returns: `nil` if the rule is for no address and port, or does what no rule of a Service does.
    init?(_ rule: Rule, in sharedChain: ChainName, of table: Table) {
        guard let frontEnd = FrontEnd(rule) else { return nil }
        let servicePort = rule.comment.flatMap { comment in
            ServicePortOrigin(comment: comment, transport: frontEnd.transport).map(ServicePortName.init)
        }
        switch rule.target {
        case .jump(let target) where RuleLayoutKind.isServicePortChain(target): chain = target
        case .drop, .rejectPortUnreachable: chain = nil
        // Only the health check node port of a Service is accepted; without a name it can be anything.
        case .accept where servicePort != nil: chain = nil
        default: return nil
        }
        self.table = table
        self.sharedChain = sharedChain
        self.rule = rule
        self.frontEnd = frontEnd
        self.servicePort = servicePort
    }

    /// The rule, with the service port as its origin.
    var ruleWithOrigin: Rule {
        var rule = rule
        rule.origin = servicePort.map { .servicePort(ServicePortOrigin($0)) } ?? .unknown
        return rule
    }
}

extension FrontEnd {
    /// All that a service port claims.
    static func all(of servicePort: ServicePort) -> [FrontEnd] {
        let transport = servicePort.name.transport
        let addresses = [servicePort.clusterIP] + servicePort.externalIPs + servicePort.loadBalancerVIPs
        return addresses.map { FrontEnd($0, servicePort.port, transport) }
            + (servicePort.nodePort.map { [FrontEnd(nil, $0, transport)] } ?? [])
            + (servicePort.healthCheckNodePort.map { [FrontEnd(nil, $0, .tcp)] } ?? [])
    }
}

extension ServicePortName {
    fileprivate init(_ origin: ServicePortOrigin) {
        self.init(
            namespace: origin.namespace, service: origin.service, port: origin.port, transport: origin.transport)
    }
}
