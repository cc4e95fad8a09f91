// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTables
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import Synchronization
import Testing

@testable import Proxy

/// Remembers what happened, and lets a test wait for it.
final class EventRecorder: ProxyObserver {
    private let events = Mutex<[ProxyEvent]>([])

    func observe(_ event: ProxyEvent) { events.withLock { $0.append(event) } }

    var all: [ProxyEvent] { events.withLock { $0 } }

    var synchronizations: [Synchronization] {
        all.compactMap { event in
            if case .synchronized(let synchronization) = event { synchronization } else { nil }
        }
    }

    var healthChecks: [HealthCheckedServices] {
        all.compactMap { event in
            if case .healthChecksChanged(let services) = event { services } else { nil }
        }
    }

    var leavings: [Bool] {
        all.compactMap { event in
            if case .nodeLeaving(let isLeaving) = event { isLeaving } else { nil }
        }
    }

    var hostWarnings: [[String]] {
        all.compactMap { event in
            if case .hostChecked(_, let warnings) = event { warnings } else { nil }
        }
    }

    /// How many objects changed in all.
    var changes: ChangeCounts {
        all.reduce(ChangeCounts()) { sum, event in
            if case .objectsChanged(let counts) = event { sum + counts } else { sum }
        }
    }

    /// How many changes waited, each time that it became another number.
    var pending: [ChangeCounts] {
        all.compactMap { event in
            if case .changesPending(_, let counts) = event { counts } else { nil }
        }
    }

    var failures: [IPFamily] {
        all.compactMap { event in
            if case .failed(let failure) = event { failure.family } else { nil }
        }
    }
}

/// Waits until something holds: ten seconds, or more where other tests, which wait for processes, hold all threads.
///
/// So tries are counted and not time: when this gets no turn, neither does what it waits for.
func eventually(
    _ what: Comment, location: SourceLocation = #_sourceLocation, _ condition: () async -> Bool
) async {
    for _ in 0..<5_000 {
        if await condition() { return }
        try? await Task.sleep(for: .milliseconds(2))
    }
    Issue.record(what, sourceLocation: location)
}

/// Objects written as YAML.
enum Sample {
    static func objects(_ yaml: String) -> [KubernetesObject] {
        var reader = ManifestReader()
        reader.read(Array(yaml.utf8), file: "")
        #expect(!reader.log.hasErrors, "\(reader.log.diagnostics)")
        let objects = reader.objects
        return objects.services.values.map(KubernetesObject.service)
            + objects.endpointSlices.values.map(KubernetesObject.endpointSlice)
            + objects.nodes.values.map(KubernetesObject.node)
    }

    static func service(_ name: String, ip: String = "10.96.0.1", transport: String = "TCP") -> KubernetesObject {
        objects(
            """
            {apiVersion: v1, kind: Service, metadata: {name: \(name)},
             spec: {clusterIP: "\(ip)", ports: [{port: 80, protocol: \(transport)}]}}
            """)[0]
    }

    static func slice(
        _ service: String, name: String = "s", transport: String = "TCP", _ addresses: [String],
        triggeredAt time: Timestamp? = nil
    ) -> KubernetesObject {
        let annotation =
            time.map { ", annotations: {endpoints.kubernetes.io/last-change-trigger-time: \"\($0)\"}" } ?? ""
        let endpoints = addresses.map { "{addresses: [\"\($0)\"]}" }.joined(separator: ", ")
        return objects(
            """
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
             metadata: {name: \(service)-\(name), labels: {kubernetes.io/service-name: \(service)}\(annotation)},
             ports: [{port: 8080, protocol: \(transport)}], endpoints: [\(endpoints)]}
            """)[0]
    }

    /// A Service that load balancers ask the node about.
    static func healthCheckedService(_ name: String, ip: String, port: UInt16) -> KubernetesObject {
        objects(
            """
            {apiVersion: v1, kind: Service, metadata: {name: \(name)},
             spec: {type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: \(port),
              clusterIP: "\(ip)", ports: [{port: 80, nodePort: 30080}]}}
            """)[0]
    }

    /// A slice with one endpoint on node-1.
    static func localSlice(_ service: String, _ address: String, conditions: String = "") -> KubernetesObject {
        objects(
            """
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
             metadata: {name: \(service)-s, labels: {kubernetes.io/service-name: \(service)}}, ports: [{port: 8080}],
             endpoints: [{addresses: ["\(address)"], nodeName: node-1, conditions: {\(conditions)}}]}
            """)[0]
    }

    static func node(podCIDR: String, address: String = "192.168.50.10") -> KubernetesObject {
        objects(
            """
            {apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {podCIDR: \(podCIDR)},
             status: {addresses: [{type: InternalIP, address: \(address)}]}}
            """)[0]
    }
}
