import NetworkTypes

/// The name of one port of one Service: what kube-proxy calls a `ServicePortName`.
///
/// It is the key of everything that is compiled: chain names are hashed from it, and rules are ordered by it.
public struct ServicePortName: Hashable, Sendable {
    /// The namespace of the Service.
    public let namespace: String
    /// The name of the Service.
    public let service: String
    /// The name of the port; empty for the only port of a Service that did not name it.
    public let port: String
    /// The transport protocol; two ports of one name and different protocols are two service ports.
    public let transport: TransportProtocol

    /// Names a port of a Service.
    public init(namespace: String, service: String, port: String, transport: TransportProtocol) {
        self.namespace = namespace
        self.service = service
        self.port = port
        self.transport = transport
    }
}

extension ServicePortName: CustomStringConvertible {
    /// `namespace/service`, followed by `:port` if the port has a name: as it stands in comments and in hashes.
    public var description: String {
        port.isEmpty ? "\(namespace)/\(service)" : "\(namespace)/\(service):\(port)"
    }
}

extension ServicePortName: Comparable {
    /// Service ports are ordered by namespace, name, port name and protocol, each by its bytes.
    public static func < (left: ServicePortName, right: ServicePortName) -> Bool {
        if left.namespace != right.namespace { return left.namespace < right.namespace }
        if left.service != right.service { return left.service < right.service }
        if left.port != right.port { return left.port < right.port }
        return left.transport < right.transport
    }
}
