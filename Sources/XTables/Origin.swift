// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What a layout made a rule or a chain for.
///
/// Desired rules carry it as data, and it is never read back from their comments: comments are for people, and large
/// clusters go without those of endpoints. (Rules in the kernel have nothing else: see `RemovedFrontEnd` and
/// ``ChainOwnership/jumpComments``.) It is no part of the rule itself. Rules that differ in their origin only are equal,
/// and neither iptables-save text nor a kernel's entry holds it.
public enum Origin: Hashable, Sendable {
    /// The rule was read from text or from a kernel, which do not know.
    case unknown
    /// The frame that the rules of every cluster have.
    case base(BasePurpose)
    /// A port of a Service.
    case servicePort(ServicePortOrigin)
    /// One endpoint of a port of a Service.
    case endpoint(EndpointOrigin)

    /// The service port, or that of the endpoint; `nil` for everything else.
    public var servicePort: ServicePortOrigin? {
        switch self {
        case .unknown, .base: nil
        case .servicePort(let servicePort): servicePort
        case .endpoint(let endpoint): endpoint.servicePort
        }
    }
}

extension Origin: CustomStringConvertible {
    /// `namespace/name:port`, followed by ` -> ADDRESS:PORT` for an endpoint, or the purpose of a base rule.
    public var description: String {
        switch self {
        case .unknown: "unknown"
        case .base(let purpose): purpose.rawValue
        case .servicePort(let servicePort): servicePort.description
        case .endpoint(let endpoint): endpoint.description
        }
    }
}

extension Origin: Encodable {
    /// Writes ``description``; nothing for an unknown origin.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if self == .unknown { try container.encodeNil() } else { try container.encode(description) }
    }
}

/// What a rule or a chain is for that every cluster has.
public enum BasePurpose: String, Hashable, Sendable, CaseIterable {
    /// A rule in a built-in chain that leads to a chain of ours.
    case jump = "jump from a built-in chain"
    /// A chain that many Services have rules in.
    case shared = "shared by all Services"
    /// Traffic to the node's own addresses is looked up among the node ports.
    case nodePorts = "node ports"
    /// Packets to be masqueraded get their mark.
    case masqueradeMark = "mark for masquerading"
    /// Marked packets are masqueraded.
    case masquerade = "masquerading"
    /// Traffic of Services is let through.
    case forwarding = "forwarding of Service traffic"
    /// Packets that connection tracking cannot place are dropped (kubernetes#74839).
    case invalidPackets = "packets in state INVALID"
    /// Loopback addresses are protected from other hosts (CVE-2020-8558).
    case loopback = "protection of loopback addresses"
}

/// A port of a Service, as the origin of rules.
///
/// A class, because hundreds of thousands of rules refer to it.
public final class ServicePortOrigin: Hashable, Sendable {
    /// The namespace of the Service.
    public let namespace: String
    /// The name of the Service.
    public let service: String
    /// The name of the port; empty for the only port of a Service that did not name it.
    public let port: String
    /// The transport protocol of the port.
    public let transport: TransportProtocol

    /// Refers to a port of a Service.
    public init(namespace: String, service: String, port: String, transport: TransportProtocol) {
        self.namespace = namespace
        self.service = service
        self.port = port
        self.transport = transport
    }

    /// Whether both are the same port of the same Service.
    public static func == (left: ServicePortOrigin, right: ServicePortOrigin) -> Bool {
        left === right
            || (left.namespace, left.service, left.port, left.transport)
                == (right.namespace, right.service, right.port, right.transport)
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(namespace)
        hasher.combine(service)
        hasher.combine(port)
        hasher.combine(transport)
    }
}

extension ServicePortOrigin: CustomStringConvertible {
    /// `namespace/name`, followed by `:port` if the port has a name.
    public var description: String {
        port.isEmpty ? "\(namespace)/\(service)" : "\(namespace)/\(service):\(port)"
    }
}

/// One endpoint of a port of a Service, as the origin of rules.
public final class EndpointOrigin: Hashable, Sendable {
    /// The service port.
    public let servicePort: ServicePortOrigin
    /// The address connections are sent to.
    public let address: IPAddress
    /// The port connections are sent to, 1–65535.
    public let port: UInt16

    /// Refers to an endpoint.
    public init(of servicePort: ServicePortOrigin, address: IPAddress, port: UInt16) {
        self.servicePort = servicePort
        self.address = address
        self.port = port
    }

    /// Whether both are the same endpoint of the same service port.
    public static func == (left: EndpointOrigin, right: EndpointOrigin) -> Bool {
        left === right
            || (left.address == right.address && left.port == right.port && left.servicePort == right.servicePort)
    }

    /// Hashes the address and port, which differ most.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(port)
    }
}

extension EndpointOrigin: CustomStringConvertible {
    /// `namespace/name:port -> ADDRESS:PORT`, an IPv6 address in brackets.
    public var description: String {
        let text = address.family == .ipv6 ? "[\(address)]" : "\(address)"
        return "\(servicePort) -> \(text):\(port)"
    }
}
