// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel

/// The Services of a family about which load balancers ask this node, as the rules in force have them.
package struct HealthCheckedServices: Sendable, Hashable {
    package let family: IPFamily
    package let nodeName: String
    /// The addresses on which node ports answer; `nil` for all that the node has.
    package let nodePortAddresses: [IPAddress]?
    /// The service ports that have a health check node port, with their endpoints, in the order of their names.
    package let servicePorts: [ServicePortEndpoints]
}

/// Knows which service ports have a health check node port, so that a change of another one does not go through them all.
struct HealthCheckIndex {
    private var servicePorts: [ServiceName: [ServicePortEndpoints]] = [:]
    private var reported: HealthCheckedServices?

    /// Takes over what is in force now.
    ///
    /// Costs what the changed Services cost.
    ///
    /// - Parameters:
    ///   - compilation: what the rules in force were made of.
    ///   - changed: the Services that may differ from the last time; `nil` for all.
    /// - Returns: what load balancers are answered from now on; `nil` if that is the same as before.
    mutating func update(
        _ compilation: Compilation, changed: Set<ServiceName>?
    ) -> HealthCheckedServices? {
        if let changed, reported != nil {
            var hasChanged = false
            for service in changed {
                let found = compilation.servicePorts(of: service)
                    .compactMap(\.healthChecked)
                let known = servicePorts.removeValue(forKey: service) ?? []
                if !found.isEmpty { servicePorts[service] = found }
                hasChanged = hasChanged || found != known
            }
            guard hasChanged else { return nil }
        } else {
            servicePorts = Dictionary(grouping: compilation.servicePorts.compactMap(\.healthChecked)) {
                $0.servicePort.name.serviceName
            }
        }
        let new = HealthCheckedServices(
            family: compilation.family, nodeName: compilation.nodeName,
            nodePortAddresses: compilation.nodePortAddresses,
            servicePorts: servicePorts.sorted { $0.key < $1.key }.flatMap(\.value))
        guard new != reported else { return nil }
        reported = new
        return new
    }

    /// Whether load balancers get another answer when these service ports take the place of those.
    ///
    /// The conditions of an endpoint may count here and change no rule.
    static func isAffected(from old: [ServicePortEndpoints], to new: [ServicePortEndpoints]) -> Bool {
        func healthChecked(_ entries: [ServicePortEndpoints]) -> Set<ServicePortEndpoints> {
            Set(entries.lazy.filter { $0.servicePort.healthCheckNodePort != nil })
        }
        return healthChecked(old) != healthChecked(new)
    }
}

extension CompiledServicePort {
    /// What it was compiled from, if it has a health check node port.
    fileprivate var healthChecked: ServicePortEndpoints? { servicePort.healthCheckNodePort == nil ? nil : entry }
}
