// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import NetworkTypes
import ServiceModel

extension ClusterObjects {
    /// What is wrong with the objects together: slices of no Service, addresses that two Services claim.
    ///
    /// - Parameter unusableServices: Services that were in the input, but had errors; slices may belong to them.
    /// - Returns: warnings and notes, in an order that does not depend on that of the objects.
    public func crossChecks(unusableServices: Set<ServiceName> = []) -> [Diagnostic] {
        sliceChecks(unusableServices) + endpointsChecks(unusableServices) + conflictChecks()
    }

    private func sliceChecks(_ unusableServices: Set<ServiceName>) -> [Diagnostic] {
        let odd = endpointSlices.values.filter { slice in
            guard let service = slice.service else { return true }
            return services[service] == nil && !unusableServices.contains(service)
        }
        return odd.sorted { $0.name < $1.name }.map { slice in
            let problem =
                if let service = slice.service {
                    "the input has no Service \(MessageText.escaped(service.description)); the slice is not used"
                } else {
                    "is missing, so the slice belongs to no Service and is not used; it must be the name of a Service"
                }
            return Diagnostic(
                .warning, origin: slice.origin, kind: KubernetesObject.Kind.endpointSlice.rawValue, name: slice.name,
                field: "metadata.labels[\(EndpointSlice.serviceNameLabel)]", message: problem)
        }
    }

    private func endpointsChecks(_ unusableServices: Set<ServiceName>) -> [Diagnostic] {
        endpoints.values.sorted { $0.service < $1.service }.compactMap { object in
            func diagnostic(_ severity: Diagnostic.Severity, _ message: String) -> Diagnostic {
                Diagnostic(
                    severity, origin: object.origin, kind: KubernetesObject.Kind.endpoints.rawValue,
                    name: ObjectName(object.service), message: message)
            }
            if services[object.service] == nil, !unusableServices.contains(object.service) {
                return diagnostic(.warning, "the input has no Service of that name; the object is not used")
            }
            if hasSlices(of: object.service) {
                return diagnostic(.note, "not used, since the Service has EndpointSlices")
            }
            return nil
        }
    }

    private func conflictChecks() -> [Diagnostic] {
        conflicts.map { conflict in
            let service = conflict.loser.service
            return Diagnostic(
                .warning, origin: services[service]?.origin ?? .none, kind: KubernetesObject.Kind.service.rawValue,
                name: ObjectName(service), message: conflict.message)
        }
    }
}
