// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import KubernetesObjects
import TestSupport
import Testing

@Suite("Fields that the API does not have")
struct UnknownFieldTests {
    private func warning(_ kind: String, _ line: Int, _ path: String, _ hint: String = "") -> String {
        "warning: f.yaml: document 1: line \(line): \(kind): unknown field \"\(path)\"\(hint)"
    }

    @Test("a Service: each of them is named with its line and what was meant")
    func services() {
        let text = """
            apiVersion: v1
            kind: Service
            metadata:
              name: web
              lables: {a: b}
              ownerReferences: [{uid: a, controler: true}]
            spec:
              clusterIP: 10.96.0.10
              externalTraficPolicy: Local
              sessionAfinity: ClientIP
              loadbalancerSourceRanges: [10.0.0.0/8]
              sessionAffinityConfig: {clientIP: {timeoutSecond: 1}}
              topologyKeys: ["*"]
              ports:
              - name: http
                port: 80
                targetport: 8080
            status:
              loadBalancer:
                ingress:
                - ip: 203.0.113.1
                  ipmode: Proxy
            extra: 1
            """
        let web = "Service default/web"
        #expect(
            messagesWithLines(text) == [
                warning(web, 5, "metadata.lables", "; did you mean \"labels\"?"),
                warning(web, 6, "metadata.ownerReferences[0].controler", "; did you mean \"controller\"?"),
                warning(web, 9, "spec.externalTraficPolicy", "; did you mean \"externalTrafficPolicy\"?"),
                warning(web, 10, "spec.sessionAfinity", "; did you mean \"sessionAffinity\"?"),
                warning(web, 11, "spec.loadbalancerSourceRanges", "; did you mean \"loadBalancerSourceRanges\"?"),
                warning(
                    web, 12, "spec.sessionAffinityConfig.clientIP.timeoutSecond", "; did you mean \"timeoutSeconds\"?"),
                warning(web, 13, "spec.topologyKeys", ": removed in Kubernetes 1.22 (now trafficDistribution)"),
                warning(web, 17, "spec.ports[0].targetport", "; did you mean \"targetPort\"?"),
                warning(web, 22, "status.loadBalancer.ingress[0].ipmode", "; did you mean \"ipMode\"?"),
                warning(web, 23, "extra"),
            ])
    }

    @Test(
        "other kinds, at every level",
        arguments: [
            (
                "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, labels: "
                    + "{kubernetes.io/service-name: b}}, addressType: IPv4, endpoints: [{addresses: [10.0.0.1], "
                    + "nodename: n, conditions: {ready:false}, hints: {forZone: []}, targetRef: {knd: Pod}}], "
                    + "ports: [{port: 1, nam: x}]}", "EndpointSlice default/a",
                [
                    "endpoints[0].nodename; nodeName", "endpoints[0].conditions.ready:false; ready: false",
                    "endpoints[0].hints.forZone; forZones", "endpoints[0].targetRef.knd; kind", "ports[0].nam; name",
                ]
            ),
            (
                "{apiVersion: v1, kind: Endpoints, metadata: {name: a}, subsets: [{adresses: [], addresses: "
                    + "[{ip: 10.0.0.1, node: n}], ports: [{port: 1, appprotocol: x}]}]}", "Endpoints default/a",
                [
                    "subsets[0].adresses; addresses", "subsets[0].addresses[0].node;",
                    "subsets[0].ports[0].appprotocol; appProtocol",
                ]
            ),
            (
                "{apiVersion: v1, kind: Node, metadata: {name: a, label: {}}, spec: {podCidr: 10.0.0.0/8, "
                    + "taints: [{keys: x, key: y}]}, status: {adresses: [], nodeInfo: {swp: {}}, daemonEndpoints: "
                    + "{kubeletEndpoint: {port: 1}}}}", "Node a",
                [
                    "metadata.label; labels", "spec.podCidr; podCIDR", "spec.taints[0].keys; key",
                    "status.adresses; addresses", "status.nodeInfo.swp; swap",
                    "status.daemonEndpoints.kubeletEndpoint.port; Port",
                ]
            ),
            (
                "{apiVersion: v1, kind: List, item: [], metadata: {continu: x}, items: []}", "List",
                ["item; items", "metadata.continu; continue"]
            ),
        ])
    func kinds(text: String, object: String, expected: [String]) {
        let unknown = messagesWithLines(text).filter { $0.contains("unknown field") }
        #expect(
            unknown
                == expected.map { entry in
                    let parts = entry.split(separator: "; ", omittingEmptySubsequences: false)
                    let path = String(parts[0].drop { $0 == ";" }.prefix { $0 != ";" })
                    guard parts.count == 2 else { return warning(object, 1, path) }
                    let blank = parts[1].contains(": ") ? ", with a blank" : ""
                    return warning(object, 1, path, "; did you mean \"\(parts[1])\"\(blank)?")
                })
    }

    @Test("items of a list are checked, with the path from the list")
    func items() {
        let text = """
            apiVersion: v1
            kind: ServiceList
            items:
            - metadata: {name: a}
              spec:
                clusterIP: None
                port: []
            """
        #expect(
            messagesWithLines(text) == [
                warning("Service default/a", 7, "items[0].spec.port", "; did you mean \"ports\"?")
            ])
    }

    @Test("of very many, in one object or in many, the first hundred are named and the others counted, quickly")
    func many() {
        let keys = (0..<20_000).map { "x\($0): 1\n" }.joined()
        let one = read(("f.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n" + keys)).log
        #expect(one.count(.warning) == 20_000)
        #expect(one.diagnostics.count == 101)
        #expect(one.diagnostics.last?.message == "19900 more warnings")

        let objects = (0..<2_000).map {
            "{apiVersion: v1, kind: Node, metadata: {name: a\($0)}, sepc: {}, x: 1}\n---\n"
        }
        let start = ContinuousClock.now
        let log = read(("f.yaml", objects.joined())).log
        let time = start.duration(to: .now)
        #expect(log.count(.warning) == 4_000)
        #expect(log.diagnostics.count == 101)
        #expect(log.promotingWarnings().count(.error) == 4_000)
        let good = (0..<2_000).map { "{apiVersion: v1, kind: Node, metadata: {name: a\($0)}, spec: {}}\n---\n" }
        let quick = ContinuousClock().measure { _ = read(("f.yaml", good.joined())) }
        #expect(time < quick * 2 + .milliseconds(500), "\(time), without unknown fields \(quick)")
    }

    @Test("with --strict they are errors")
    func strict() {
        let log = read(("f.yaml", service(spec: "sessionafinity: x"))).log
        #expect(!log.hasErrors)
        #expect(log.promotingWarnings().hasErrors)
    }

    @Test("fields that are known but ignored, and mappings with keys of the user's choice, are not reported")
    func known() {
        let text = """
            apiVersion: v1
            kind: Service
            metadata:
              name: web
              labels: {any: x, thing: y}
              annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
              generateName: w
              finalizers: [x]
              managedFields: [{manager: m, operation: Apply, fieldsV1: {"f:spec": {"f:ports": {}}}, subresource: status}]
            spec:
              clusterIP: 10.0.0.1
              selector: {app: web}
              trafficDistribution: PreferClose
              ipFamilyPolicy: SingleStack
              publishNotReadyAddresses: true
              allocateLoadBalancerNodePorts: false
              loadBalancerClass: x
              loadBalancerIP: 10.0.0.2
              ports: [{port: 80, targetPort: http, appProtocol: h2c}]
            status:
              conditions: [{type: a, status: "True", observedGeneration: 1}]
              loadBalancer: {ingress: [{ip: 10.0.0.3, ports: [{port: 80, protocol: TCP, error: x}]}]}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: a, nonsense: 1}
            """
        #expect(!messages(text).contains { $0.contains("unknown field") })
    }

    @Test("objects of an API server are not checked: a newer one has more fields")
    func answers() throws {
        let document = try #require(
            try DocumentValue(json: Array(#"{"metadata":{"name":"a","x":1},"spec":{"clusterIP":"None","y":2}}"#.utf8))
                .object)
        var log = DiagnosticLog()
        #expect(KubernetesObject(document, kind: .service, log: &log) != nil)
        #expect(log.diagnostics.isEmpty)
    }

    @Test("no fixture has an unknown field")
    func fixtures() throws {
        let folder = Repository.fixtures.path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(files.count > 50)
        for file in files {
            var log = DiagnosticLog()
            _ = ManifestReader.read(paths: ["\(folder)/\(file)"], log: &log)
            #expect(log.diagnostics.filter { $0.message.contains("unknown field") }.isEmpty)
        }
    }
}

@Suite("Lines of findings")
struct FindingLineTests {
    @Test("a field error names the line of the field, in YAML and in JSON")
    func lines() {
        let yaml =
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  clusterIP: x\n  ports:\n  - name: a\n    port: 0\n"
        let json = """
            {"apiVersion": "v1", "kind": "Service",
             "metadata": {"name": "web"},
             "spec": {

               "clusterIP": "x",
               "ports": [
                 {"name": "a",
                  "port": 0}]}}
            """
        func lines(_ text: String) -> [Int?] { read(("f", text)).log.diagnostics(.error).map(\.line) }
        #expect(lines(yaml) == [6, 9])
        #expect(lines(json) == [5, 8])
        #expect(
            messagesWithLines(yaml).first
                == "error: f.yaml: document 1: line 6: Service default/web: spec.clusterIP: invalid IP address \"x\"")
    }

    @Test("a missing field has the line of the mapping it is missing in")
    func missing() {
        let text =
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  clusterIP: 10.0.0.1\n  ports:\n  - name: a\n"
        #expect(read(("f", text)).log.diagnostics.map(\.line) == [7])
    }
}

@Suite("What kubectl would understand")
struct NumberReadingTests {
    @Test("a whole number may be written with a point or an exponent", arguments: ["80.0", "8e1", "0.8e2", "8.0E+1"])
    func wholeNumbers(text: String) throws {
        let found = read(("f", service(ports: "ports: [{port: \(text)}]")))
        #expect(found.log.diagnostics.isEmpty)
        #expect(found.objects.services.values.first?.ports.map(\.number) == [80])
    }

    @Test("other numbers are errors", arguments: ["80.5", "8e-1", "1e300", ".inf", ".nan"])
    func otherNumbers(text: String) {
        #expect(read(("f", service(ports: "ports: [{port: \(text)}]"))).log.hasErrors)
    }

    @Test("a NodePort Service without a nodePort gets a note")
    func nodePort() {
        let ports = "ports: [{name: a, port: 1, nodePort: 30001}, {name: b, port: 2}]"
        #expect(
            messages(service(spec: "type: NodePort", ports: ports)) == [
                "note: f.yaml: document 1: Service default/web: spec.ports[1]: no nodePort is set; an API server would "
                    + "allocate one, so write one"
            ])
        #expect(messages(service(spec: "type: LoadBalancer", ports: ports)).isEmpty)
    }
}
