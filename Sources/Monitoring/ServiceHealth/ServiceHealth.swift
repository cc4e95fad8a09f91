// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import NetworkTypes
import ServiceModel

/// The health of a Service on this node, for load balancers: whether the node can serve it, and with how many endpoints.
package struct ServiceHealth: Sendable, Hashable {
    package let service: ServiceName
    /// `spec.healthCheckNodePort`.
    package let port: UInt16
    /// The number of addresses on this node that take new connections.
    ///
    /// Terminating endpoints are not counted, although connections still go to them if there are no others: load balancers
    /// are to choose other nodes (KEP-1669).
    package let localEndpoints: Int

    package init(service: ServiceName, port: UInt16, localEndpoints: Int) {
        self.service = service
        self.port = port
        self.localEndpoints = localEndpoints
    }

    /// All Services of a family that have a health check node port, by namespace and name.
    ///
    /// - Parameter servicePorts: the service ports of one family.
    package static func all(_ servicePorts: [ServicePortEndpoints], nodeName: String) -> [ServiceHealth] {
        var found: [ServiceName: (port: UInt16, addresses: Set<IPAddress>)] = [:]
        for entry in servicePorts {
            guard let port = entry.servicePort.healthCheckNodePort else { continue }
            let name = entry.servicePort.name
            let local = entry.endpoints.lazy.filter { $0.isReady && $0.nodeName == nodeName }.map(\.address)
            found[name.serviceName, default: (port, [])].addresses.formUnion(local)
        }
        return found.sorted { $0.key < $1.key }.map {
            ServiceHealth(service: $0.key, port: $0.value.port, localEndpoints: $0.value.addresses.count)
        }
    }

    /// The answer at any path of the Service's port: 200 if the node can serve it, else 503.
    ///
    /// Headers and body are kube-proxy's, to the byte (pkg/proxy/healthcheck/service_health.go, `hcHandler`).
    ///
    /// - Parameter isProxyHealthy: whether no family is late; see ``HealthReport/isHealthy``.
    package func answer(isProxyHealthy: Bool) -> HTTPAnswer {
        let body = """
            {
            \t"service": {
            \t\t"namespace": "\(service.namespace)",
            \t\t"name": "\(service.name)"
            \t},
            \t"localEndpoints": \(localEndpoints),
            \t"serviceProxyHealthy": \(isProxyHealthy)
            }
            """
        var answer = HTTPAnswer.json(body, status: localEndpoints > 0 && isProxyHealthy ? 200 : 503)
        answer.headers.append(("X-Load-Balancing-Endpoint-Weight", "\(localEndpoints)"))
        return answer
    }
}
