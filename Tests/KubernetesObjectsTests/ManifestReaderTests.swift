// SPDX-License-Identifier: Apache-2.0

import Documents
import Testing

@testable import KubernetesObjects

@Suite("Manifests")
struct ManifestReaderTests {
    @Test(
        "objects that cannot be read",
        arguments: [
            (
                "a: [",
                "error: f.yaml: document 1: line 2, column 1: invalid YAML: did not find expected node content while "
                    + "parsing a flow node"
            ),
            ("{\"kind\": ]", "error: f.yaml: document 1: line 1, column 10: \"]\" is not the beginning of a value"),
            (
                "hello",
                "error: f.yaml: document 1: must be a mapping with apiVersion, kind and metadata, not the "
                    + "string \"hello\""
            ),
            (
                "- 1",
                "error: f.yaml: document 1: must be a mapping with apiVersion, kind and metadata, not a list"
            ),
            (
                "apiVersion: v1\n",
                "error: f.yaml: document 1: kind: is missing; it must be that of a Kubernetes object, such as Service"
            ),
            (
                "kind: Service\n",
                "error: f.yaml: document 1: apiVersion: is missing; it must be that of a Kubernetes object, such as v1"
            ),
            (
                "kind: 1\napiVersion: v1",
                "error: f.yaml: document 1: kind: must be a string, not the integer 1; put it in quotes"
            ),
            (
                "kind: Service\napiVersion: v1\nspec: {}\n",
                "error: f.yaml: document 1: Service: metadata: is missing; it must be a mapping with the name of the object"
            ),
            (
                "kind: Service\napiVersion: v1\nmetadata: {}\n",
                "error: f.yaml: document 1: Service: metadata.name: is missing; it must be the name of the object"
            ),
            (
                "kind: Service\napiVersion: v1\nmetadata: {name: a.b, namespace: x}\n",
                "error: f.yaml: document 1: Service x/a.b: metadata.name: invalid DNS label \"a.b\": must be 1 to 63 of the "
                    + "characters a-z, 0-9 and \"-\", beginning and ending with a letter or digit"
            ),
            (
                "kind: Node\napiVersion: v1\nmetadata: {name: A}\n",
                "error: f.yaml: document 1: Node A: metadata.name: invalid DNS name \"A\": must be up to 253 of the characters "
                    + "a-z, 0-9, \"-\" and \".\", each part beginning and ending with a letter or digit"
            ),
            (
                "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a, namespace: b}\n",
                "note: f.yaml: document 1: Deployment b/a: ignored: only Service, EndpointSlice, Endpoints and Node "
                    + "are read"
            ),
            (
                "kind: Service\napiVersion: serving.knative.dev/v1\nmetadata: {name: a}\n",
                "note: f.yaml: document 1: Service a: ignored: only Service, EndpointSlice, Endpoints and Node are "
                    + "read"
            ),
            (
                "kind: EndpointSlice\napiVersion: discovery.k8s.io/v1beta1\nmetadata: {name: a}\n",
                "warning: f.yaml: document 1: EndpointSlice a: apiVersion: unsupported version "
                    + "\"discovery.k8s.io/v1beta1\" (supported: discovery.k8s.io/v1); the object is ignored"
            ),
            (
                "kind: List\napiVersion: v1\nitems: 1\n",
                "error: f.yaml: document 1: List: items: must be a list, not the integer 1"
            ),
            (
                "kind: List\napiVersion: v1\nitems: [1]\n",
                "error: f.yaml: document 1: items[0]: must be a mapping with apiVersion, kind and metadata, not "
                    + "the integer 1"
            ),
            (
                "kind: List\napiVersion: v1\nitems: [{apiVersion: v1, kind: Service, metadata: {name: a}, spec: 1}]\n",
                "error: f.yaml: document 1: Service default/a: items[0].spec: must be a mapping, not the integer 1"
            ),
        ])
    func problems(text: String, expected: String) {
        #expect(messages(text) == [expected])
    }

    @Test("nothing is fine", arguments: ["", "\n", "---\n---\n", "# comment\n", "kind: List\napiVersion: v1\n"])
    func nothing(text: String) {
        #expect(messages(text).isEmpty)
    }

    @Test("the same object twice is an error that names the first place")
    func twice() {
        let (objects, log) = read(
            ("a.yaml", service()), ("b.yaml", documents(service("other", clusterIP: "clusterIP: 10.0.0.2"), service())))
        #expect(objects.services.count == 2)
        #expect(
            log.diagnostics.map(\.description) == [
                "b.yaml: document 2: line 12: Service default/web: the same object is in a.yaml, document 1, line 1; remove one of "
                    + "them"
            ])
    }

    @Test("objects of one name in two namespaces, and of two kinds, differ")
    func notTwice() {
        let text = documents(service(), service(metadata: "namespace: b", rest: ""), slice("web", service: "web"))
        let log = read(("f.yaml", text)).log
        #expect(log.diagnostics.map(\.severity) == [.warning])  // the two share an address
    }

    @Test("lists, lists of lists and typed lists are taken apart")
    func lists() {
        let text = """
            {"items": [
              {"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}]},
              {"apiVersion": "v1", "kind": "ServiceList", "items": [
                {"metadata": {"name": "a"}, "spec": {"clusterIP": "None"}}]},
              {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSliceList", "items": [
                {"metadata": {"name": "a-1", "labels": {"kubernetes.io/service-name": "a"}}, "addressType": "IPv4"}]}
            ], "kind": "List", "apiVersion": "v1"}
            """
        let (objects, log) = read(("f.json", text))
        #expect(log.diagnostics.isEmpty)
        #expect(objects.nodes.count == 1)
        #expect(objects.services.count == 1)
        #expect(objects.endpointSlices.count == 1)
    }

    @Test("lists in lists end somewhere")
    func deepLists() {
        let opening = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
        let text = String(repeating: opening, count: 12) + String(repeating: "]}", count: 12)
        #expect(messages(text).count == 1)
        #expect(messages(text).first?.hasSuffix("lists are nested more than 10 levels deep") == true)
    }

    @Test("an object read outside of any file names no file")
    func watched() throws {
        let value = try DocumentValue(json: Array(#"{"metadata": {"name": "a"}, "spec": {"ports": 1}}"#.utf8))
        var log = DiagnosticLog()
        #expect(KubernetesObject(try #require(value.object), kind: .service, log: &log) == nil)
        #expect(
            log.diagnostics(.error).map(\.description) == [
                "Service default/a: spec.ports: must be a list, not the integer 1"
            ]
        )
    }
}
