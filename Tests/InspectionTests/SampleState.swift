// SPDX-License-Identifier: Apache-2.0

import Inspection
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// States for reports, from manifests in a test.
enum SampleState {
    /// Reads manifests, and compiles them for `node-1` in zone `a`.
    static func read(_ manifests: String, families: [IPFamily] = [.ipv4]) -> InspectedState {
        var reader = ManifestReader()
        reader.read(Array(manifests.utf8), file: "m.yaml")
        reader.finish()
        let node = Node(
            name: "node-1", addresses: [IPAddress(ipv4: 0xc0a8_320a)], labels: [Node.zoneLabel: "a"])
        let settings = CompilerSettings(node: node)
        var state = InspectedState(
            version: "0.0.0", source: "manifests=m", node: node, objects: reader.objects,
            compilations: families.map { Compilation(reader.objects.snapshot(family: $0), settings: settings) })
        state.invalidObjects = reader.log.diagnostics.filter { $0.severity == .error }
        state.objectWarnings = reader.log.diagnostics.filter { $0.severity == .warning }
        state.conflicts = reader.objects.conflicts
        return state
    }

    /// The answer to an inquiry, as text.
    static func text(_ inquiry: any Inquiry, _ state: InspectedState, _ output: ReportOutput = ReportOutput()) throws
        -> String
    {
        var text = ""
        try output.write(try inquiry.report(on: state)) { text += $0 }
        return text
    }

    /// Services of every kind, and what can be wrong with them.
    static let shop = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec:
          type: NodePort
          clusterIP: 10.96.0.10
          externalIPs: [203.0.113.7]
          externalTrafficPolicy: Local
          sessionAffinity: ClientIP
          ports: [{name: http, port: 80, nodePort: 30080}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints:
        - {addresses: [10.244.1.11], nodeName: node-1, zone: a, targetRef: {kind: Pod, name: web-0}}
        - {addresses: [10.244.2.12], nodeName: node-2, zone: b, targetRef: {kind: Pod, name: web-1}}
        - {addresses: [10.244.2.13], nodeName: node-2, conditions: {ready: false, serving: false}}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-2, namespace: shop, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: web, port: 8080}]
        endpoints: [{addresses: [10.244.1.14]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: alone, namespace: shop}
        spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: elsewhere, namespace: shop}
        spec: {clusterIP: 10.96.0.12, internalTrafficPolicy: Local, ports: [{port: 53, protocol: UDP}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: elsewhere-1, namespace: shop, labels: {kubernetes.io/service-name: elsewhere}}
        addressType: IPv4
        ports: [{port: 53, protocol: UDP}]
        endpoints: [{addresses: [10.244.2.21], nodeName: node-2}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: headless, namespace: shop}
        spec: {clusterIP: None, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: broken, namespace: shop}
        spec: {clusterIP: 10.96.0.300, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: thief, namespace: shop}
        spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}

        """
}
