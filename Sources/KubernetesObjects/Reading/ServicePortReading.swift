// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import NetworkTypes

extension Service {
    /// Reads `spec.ports`.
    ///
    /// Of ports with one name and protocol the last one counts, as in kube-proxy.
    mutating func readPorts(_ spec: DocumentObject, _ fields: inout FieldReader) {
        var seen: Set<PortKey> = []
        let needsNodePorts = type == .nodePort
        ports = fields.list("ports", of: spec) { fields, value in
            guard let port = Self.port(&fields, value) else { return nil }
            if needsNodePorts, port.nodePort == nil {
                fields.note("no nodePort is set; an API server would allocate one, so write one")
            }
            if !seen.insert(PortKey(port)).inserted {
                let name = port.name.isEmpty ? "without a name" : "named \(MessageText.quoted(port.name))"
                fields.warning(
                    "duplicate \(port.transport.kubernetesName) port \(name): this one replaces the earlier one")
            }
            return port
        }
        if clusterAddress != .headless, spec["ports"] == nil || spec["ports"] == .null || spec["ports"] == .array([]) {
            fields.atField("ports", of: spec) { $0.error("is missing; it must be a list of at least one port") }
        }
    }

    private struct PortKey: Hashable {
        let name: String
        let transport: TransportProtocol

        init(_ port: Port) {
            name = port.name
            transport = port.transport
        }
    }

    private static func port(_ fields: inout FieldReader, _ value: DocumentValue) -> Port? {
        guard let object = fields.object(value) else { return nil }
        let name = fields.optional("name", of: object) { $0.portName($1) } ?? ""
        let transport = fields.optional("protocol", of: object) { $0.transport($1) } ?? .tcp
        let nodePort = fields.optional("nodePort", of: object) { $0.portOrZero($1) }
        let number = fields.required("port", of: object, need: "a port from 1 to 65535") { $0.port($1) }
        return number.map { Port(name: name, transport: transport, number: $0, nodePort: nodePort) }
    }
}
