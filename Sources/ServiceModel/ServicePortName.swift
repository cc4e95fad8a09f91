// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The name of one port of one Service: what kube-proxy calls a `ServicePortName`.
///
/// It is the key of everything that is compiled: chain names are hashed from it, and rules are ordered by it.
public struct ServicePortName: Hashable, Sendable {
    /// The Service.
    public let serviceName: ServiceName
    /// The name of the port; empty for the only port of a Service that did not name it.
    public let port: String
    /// The transport protocol; two ports of one name and different protocols are two service ports.
    public let transport: TransportProtocol

    /// The name of a port of a Service.
    public init(_ serviceName: ServiceName, port: String, transport: TransportProtocol) {
        self.serviceName = serviceName
        self.port = port
        self.transport = transport
    }

    /// The name of a port of the Service `namespace/service`.
    public init(namespace: String, service: String, port: String, transport: TransportProtocol) {
        self.init(ServiceName(namespace: namespace, name: service), port: port, transport: transport)
    }

    /// The namespace of the Service.
    @inlinable public var namespace: String { serviceName.namespace }

    /// The name of the Service, without its namespace.
    @inlinable public var service: String { serviceName.name }
}

extension ServicePortName: CustomStringConvertible {
    /// `namespace/service`, followed by `:port` if the port has a name: as it stands in comments and in hashes.
    public var description: String {
        port.isEmpty ? serviceName.description : "\(serviceName):\(port)"
    }
}

extension ServicePortName: Comparable {
    /// Service ports are ordered by namespace, name, port name and protocol, each by its bytes.
    public static func < (left: ServicePortName, right: ServicePortName) -> Bool {
        if left.serviceName != right.serviceName { return left.serviceName < right.serviceName }
        if left.port != right.port { return left.port < right.port }
        return left.transport < right.transport
    }
}
