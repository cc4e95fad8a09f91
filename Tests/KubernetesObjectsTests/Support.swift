// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// Reads manifests from texts, as if they were files.
func read(_ files: (name: String, text: String)...) -> (objects: ClusterObjects, log: DiagnosticLog) {
    var reader = ManifestReader()
    for file in files { reader.read(Array(file.text.utf8), file: file.name) }
    reader.finish()
    return (reader.objects, reader.log)
}

/// The findings about a text: `severity: text`, one for each diagnostic, without the lines of fields.
func messages(_ text: String) -> [String] {
    messagesWithLines(text).map { $0.replacing(/: line \d+(?=: )/, with: "") }
}

/// The findings about a text: `severity: text`, one for each diagnostic.
func messagesWithLines(_ text: String) -> [String] {
    read(("f.yaml", text)).log.diagnostics.map { "\($0.severity.rawValue): \($0)" }
}

/// A Service in YAML; lines of `spec` and of other top-level fields can be added, and a line of `spec` be replaced.
func service(
    _ name: String = "web", spec: String = "", clusterIP: String = "clusterIP: 10.0.0.1",
    ports: String = "ports: [{port: 80}]", metadata: String = "", rest: String = ""
) -> String {
    """
    apiVersion: v1
    kind: Service
    metadata:
      name: \(name)
      \(metadata)
    spec:
      \(clusterIP)
      \(ports)
      \(spec)
    \(rest)

    """
}

/// An EndpointSlice of the Service `web` in YAML.
func slice(
    _ name: String = "web-1", service: String = "web", type: String = "IPv4", ports: String = "[{port: 8080}]",
    endpoints: String = "[{addresses: [10.1.0.1]}]", labels: String = "{}"
) -> String {
    """
    apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata:
      name: \(name)
      labels: {kubernetes.io/service-name: \(service), \(labels.dropFirst().dropLast())}
    addressType: \(type)
    ports: \(ports)
    endpoints: \(endpoints)

    """
}

/// The documents with a marker between them.
func documents(_ documents: String...) -> String { documents.joined(separator: "---\n") }
