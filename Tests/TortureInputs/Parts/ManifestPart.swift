// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import TestSupport

/// Manifests, as YAML or as JSON.
final class ManifestPart: InputPart {
    enum Format { case yaml, json }

    let seeds: [[UInt8]]
    let vocabulary: [[UInt8]]
    private var compilation = CompilationCheck()
    private var count = 0

    init(_ format: Format, _ corpus: Corpus) {
        switch format {
        case .yaml:
            seeds =
                corpus.files(["parity", "features", "walkthrough"], suffix: "objects.yaml")
                + Self.special.map { Array($0.utf8) }
        case .json:
            seeds =
                corpus.files(["apiserver"], suffix: ".json", sizeLimit: 12 << 10)
                + corpus.files(["apiserver"], suffix: ".jsonl", sizeLimit: 12 << 10) + [Array(Self.json.utf8)]
        }
        vocabulary = Vocabulary.objects
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        var reader = ManifestReader()
        reader.read(input, file: "input.yaml")
        reader.finish()
        try MessageCheck.run(reader.log.diagnostics)
        for diagnostic in reader.log.diagnostics.prefix(50) {
            behaviour.add("\(diagnostic.field) \(diagnostic.message)")
        }
        let objects = reader.objects
        behaviour.isAccepted = !objects.services.isEmpty || !objects.endpointSlices.isEmpty
        guard behaviour.isAccepted || !objects.nodes.isEmpty || !objects.endpoints.isEmpty else { return behaviour }
        count += 1
        try compilation.run(objects, SampleSettings.all[count % SampleSettings.all.count], &behaviour)
        return behaviour
    }

    private static let special = [
        "%YAML 1.1\n%TAG ! tag:example.com,2000:\n---\na: &x [1, *x]\n...\n---\n? {a: b}\n: !!str 1\n",
        "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [{\"kind\": \"Service\"}]}\n",
        "\u{feff}kind: Service\napiVersion: v1\nmetadata: {name: a}\nspec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}\n",
        "a: |\n  text\n  more\nb: >-\n  folded\nc: 'it''s'\nd: \"\\x41\\u00e9\\n\"\n<<: {e: f}\n",
    ]
    private static let json = """
        {"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop",
         "annotations": {"a": "b"}}, "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.10",
         "clusterIPs": ["10.96.0.10", "fd00:10:96::a"], "ipFamilies": ["IPv4", "IPv6"], "externalIPs": ["192.0.2.5"],
         "ports": [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080, "protocol": "TCP"}],
         "sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 100}},
         "externalTrafficPolicy": "Local", "healthCheckNodePort": 31000, "loadBalancerSourceRanges": ["198.51.100.0/24"]},
         "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9", "ipMode": "VIP"}]}}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
         "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
         "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
         "endpoints": [{"addresses": ["10.244.1.2"], "nodeName": "node-1", "zone": "zone-a",
          "conditions": {"ready": true, "serving": true, "terminating": false}, "hints": {"forZones": [{"name": "zone-a"}]}},
          {"addresses": ["10.244.2.2"], "conditions": {"ready": null}}]},
        {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "old", "namespace": "shop"},
         "subsets": [{"addresses": [{"ip": "10.244.3.3"}], "notReadyAddresses": [], "ports": [{"port": 53, "protocol": "UDP"}]}]},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "labels": {"topology.kubernetes.io/zone": "zone-a"}},
         "spec": {"podCIDRs": ["10.244.1.0/24"]}, "status": {"addresses": [{"type": "InternalIP", "address": "192.168.50.10"}]}}
        ]}
        """
}

/// The words that inputs are made of.
enum Vocabulary {
    static let objects = bytes(
        [
            "apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec", "status", "items",
            "v1",
            "discovery.k8s.io/v1", "Service", "EndpointSlice", "Endpoints", "Node", "List", "ServiceList", "ConfigMap",
            "clusterIP", "clusterIPs", "externalIPs", "None", "ports", "port", "nodePort", "targetPort", "protocol",
            "TCP",
            "UDP", "SCTP", "type", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "sessionAffinity",
            "ClientIP",
            "sessionAffinityConfig", "clientIP", "timeoutSeconds", "externalTrafficPolicy", "internalTrafficPolicy",
            "Local", "Cluster", "trafficDistribution", "PreferClose", "healthCheckNodePort", "loadBalancerSourceRanges",
            "loadBalancer", "ingress", "ip", "ipMode", "VIP", "Proxy", "ipFamilies", "IPv4", "IPv6", "FQDN",
            "addressType",
            "endpoints", "addresses", "conditions", "ready", "serving", "terminating", "nodeName", "zone", "hints",
            "forZones", "forNodes", "subsets", "notReadyAddresses", "podCIDR", "podCIDRs", "taints", "key",
            "kubernetes.io/service-name", "service.kubernetes.io/headless", "service.kubernetes.io/service-proxy-name",
            "true", "false", "null", "~", "yes", "no", "[]", "{}", "\"\"", "''", ": ", "- ", "\n---\n", "\n...\n", "#",
            "&a ",
            "*a", "!!str ", "!!int ", "!!binary ", "<<: ", "| ", ">- ", "%TAG ! x\n", "%YAML 1.1\n", "? ", ",", "\t",
            "\r\n",
            "10.96.0.1", "10.244.1.5", "fd00::1", "::ffff:1.2.3.4", "0.0.0.0/0", "192.168.0.0/16", "web", "default",
            "deletionTimestamp", "resourceVersion", "continue", "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR",
            "object",
        ])

    static func bytes(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }
}
