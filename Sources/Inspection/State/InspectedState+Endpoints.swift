// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

extension InspectedState {
    /// The Services that anything is known of.
    var knownServices: Set<ServiceName> {
        var known = Set(objects.services.keys)
        for compilation in compilations { known.formUnion(compilation.servicePorts.lazy.map(\.name.serviceName)) }
        for diagnostic in invalidObjects where diagnostic.kind == KubernetesObject.Kind.service.rawValue {
            if let name = diagnostic.name { known.insert(ServiceName(name)) }
        }
        return known
    }

    /// The items of endpoints, in the order of their service ports and families, and of their addresses.
    func endpointItems(_ selection: ServiceSelection) -> [EndpointItem] {
        let found = compilations.flatMap { compilation in
            compilation.servicePorts.filter { selection.contains($0.name.serviceName) }
                .map { (compiled: $0, family: compilation.family) }
        }
        let sorted = compilations.count < 2 ? found : found.sorted { $0.compiled.name < $1.compiled.name }
        return sorted.flatMap { endpointItems($0.compiled, $0.family) }
    }

    /// The endpoints of one service port.
    func endpointItems(_ compiled: CompiledServicePort, _ family: IPFamily) -> [EndpointItem] {
        let name = compiled.name
        let selection = compiled.selection
        guard !selection.endpoints.isEmpty else { return [] }
        let members = objects.members(of: name.serviceName, family)
        let shares = (
            cluster: selection.share(of: selection.clusterVerdicts), local: selection.share(of: selection.localVerdicts)
        )
        let connections = loop?.families[family]?.traffic?.connections(
            of: name, to: selection.endpoints.map(\.addressPort))
        let times = loop?.families[family]?.remainingTimes[name] ?? [:]
        return selection.endpoints.enumerated().map { index, endpoint in
            let member = members[endpoint.address]
            let (cluster, local) = (selection.clusterVerdicts[index], selection.localVerdicts[index])
            return EndpointItem(
                namespace: name.namespace, service: name.service, portName: name.port.isEmpty ? nil : name.port,
                protocol: name.transport.kubernetesName, ipFamily: family.kubernetesName,
                address: endpoint.address.description, port: endpoint.port, pod: member?.podName,
                node: endpoint.nodeName, zone: member?.zone, conditions: endpoint.conditions.names,
                usedByCluster: cluster == .listUnused ? nil : cluster.isUsed,
                usedByLocal: local == .listUnused ? nil : local.isUsed,
                clusterShare: cluster.isUsed ? shares.cluster : nil, localShare: local.isUsed ? shares.local : nil,
                connections: connections?[index],
                reason: selection.reason(at: index).map { reason in
                    let isSetAside = cluster.setAside != nil || local.setAside != nil
                    return Self.reason(reason, until: isSetAside ? times[endpoint.addressPort] : nil)
                })
        }
    }
}

extension InspectedState {
    /// Why an endpoint is not used, and for how much longer if it gets connections again by itself:
    /// `ejected: 5 connections in a row unanswered, back in 24 s`.
    private static func reason(_ reason: String, until time: Duration?) -> String {
        guard let time else { return reason }
        return "\(reason), back in \(Int((time / .seconds(1)).rounded(.up))) s"
    }
}

extension EndpointSelection {
    /// What each used endpoint of a list gets: they are drawn with equal chances.
    fileprivate func share(of verdicts: EndpointVerdicts) -> Double {
        1 / Double(max(1, verdicts.count { $0.isUsed }))
    }
}

extension EndpointConditions {
    /// The names of those that hold, as EndpointSlices have them.
    fileprivate var names: [String] {
        let all: [(EndpointConditions, String)] = [
            (.ready, "ready"), (.serving, "serving"), (.terminating, "terminating"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
