// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

extension InspectedState {
    /// Everything that is known of a Service.
    func explain(_ name: ServiceName) -> ExplainedService {
        let facts = ServiceFacts(self)
        let service = objects.services[name]
        let origin = service.flatMap { $0.origin.file.isEmpty ? nil : "\($0.origin.file), line \($0.origin.line)" }
        let ports = compilations.flatMap { compilation in
            compilation.servicePorts(of: name).map { explain($0, compilation.family, facts) }
        }
        return ExplainedService(
            namespace: name.namespace, name: name.name, type: service?.type.rawValue, origin: origin,
            findings: findings(about: name, service, facts), ports: ports)
    }

    /// What concerns the Service as a whole.
    private func findings(about name: ServiceName, _ service: Service?, _ facts: ServiceFacts) -> [String] {
        var findings = (facts.invalidObjects[name] ?? []).map { error in
            "invalid: \(error)" + (facts.hasRules(name) ? "; its last good state stays in force" : "")
        }
        findings += (facts.warnings[name] ?? []).map { "warning: \($0)" }
        findings += invalidSlices(in: name.namespace)
        guard let service else {
            return findings + (facts.hasRules(name) ? ["no object describes it: its rules are kept"] : [])
        }
        let reasons = compilations.map { ($0.family, service.skipReason($0.family)) }
        let isSkipped = reasons.allSatisfy { $0.1 != nil }
        for (index, (_, reason)) in reasons.enumerated() {
            guard let reason else { continue }
            // One reason for both families is mentioned once; that a family has no address, if the other one has.
            if isSkipped, index > 0 { continue }
            findings.append("\(reason)")
        }
        return findings
    }

    /// The errors of slices in a namespace: the label that names the Service may be what is wrong.
    private func invalidSlices(in namespace: String) -> [String] {
        invalidObjects.filter {
            $0.kind == KubernetesObject.Kind.endpointSlice.rawValue && $0.name?.namespace == namespace
        }.map { "a slice in its namespace is invalid: \($0)" }
    }

    private func explain(
        _ compiled: CompiledServicePort, _ family: IPFamily, _ facts: ServiceFacts
    ) -> ExplainedPort {
        let slices =
            objects.services[compiled.name.serviceName] == nil
            ? [] : objects.causesOfNoEndpoints(compiled.name, family)
        return ExplainedPort(
            service: item(compiled, family, facts), frontEnds: compiled.frontEnds(nodeAddress(family)),
            endpoints: endpointItems(compiled, family), hints: compiled.selection.topology.explanation,
            findings: slices,
            chains: RuleLayoutKind.tables.flatMap { compiled.ownChains(in: $0) }.map(\.description),
            rules: compiled.ownRules.map { own in
                .init(table: own.table.rawValue, rule: own.rule.saveText(chain: own.chain, family: family))
            })
    }
}

extension InspectedState {
    /// An address of the node on which node ports answer; `nil` if none is known.
    private func nodeAddress(_ family: IPFamily) -> IPAddress? {
        let chosen = compilations.first { $0.family == family }?.nodePortAddresses
        return (chosen ?? node.addresses.filter { $0.family == family }).first { !$0.isLoopback }
    }
}

extension CompiledServicePort {
    /// Where clients reach it, and what becomes of their connections.
    fileprivate func frontEnds(_ nodeAddress: IPAddress?) -> [ExplainedPort.FrontEnd] {
        let external = servicePort.externalTrafficPolicy
        var frontEnds = [frontEnd("cluster IP", servicePort.clusterIP, servicePort.internalTrafficPolicy)]
        frontEnds += servicePort.externalIPs.map { frontEnd("external IP", $0, external) }
        frontEnds += servicePort.loadBalancerVIPs.map { address in
            var frontEnd = frontEnd("load balancer IP", address, external)
            if !servicePort.loadBalancerSourceRanges.isEmpty {
                let ranges = servicePort.loadBalancerSourceRanges.map(\.description).joined(separator: ", ")
                frontEnd.outcome += "; only for clients in \(ranges)"
            }
            return frontEnd
        }
        if let nodePort = servicePort.nodePort {
            var frontEnd = frontEnd("node port", nil, external)
            frontEnd.port = nodePort
            frontEnd.nodeAddress = nodeAddress?.description
            frontEnds.append(frontEnd)
        }
        if let port = servicePort.healthCheckNodePort {
            frontEnds.append(
                .init(
                    kind: "health check node port", address: nil, port: port, policy: nil,
                    outcome: "load balancers learn whether an endpoint is on this node"))
        }
        return frontEnds
    }

    private func frontEnd(_ kind: String, _ address: IPAddress?, _ policy: TrafficPolicy) -> ExplainedPort.FrontEnd {
        .init(
            kind: kind, address: address?.description, port: servicePort.port, policy: policy.rawValue,
            outcome: selection.outcome(policy).description)
    }
}
