// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What a layout made a rule or a chain for.
///
/// Desired rules carry it as data, and it is never read back from their comments: comments are for people, and large
/// clusters go without those of endpoints. (Rules in the kernel have nothing else: see `RemovedFrontEnd` and
/// ``ChainOwnership/jumpComments``.) It is no part of the rule itself. Rules that differ in their origin only are equal,
/// and neither iptables-save text nor a kernel's entry holds it.
public struct Origin: Hashable, Sendable {
    // One reference, because hundreds of thousands of rules are copied, each with its origin: an enumeration of references
    // takes a test and a call more for each copy, and an object for each endpoint took a tenth of a whole compilation.

    /// The service port, or that of the endpoint; `nil` for everything else.
    public let servicePort: ServicePortOrigin?
    /// The position of the endpoint among those of ``servicePort``; -1 for everything else.
    @usableFromInline let endpointIndex: Int32
    /// What the rule is for in the frame that the rules of every cluster have; `nil` for everything else.
    public let basePurpose: BasePurpose?

    /// The rule was read from text or from a kernel, which do not know.
    public static let unknown = Origin(servicePort: nil, endpointIndex: -1, basePurpose: nil)

    /// The frame that the rules of every cluster have.
    public static func base(_ purpose: BasePurpose) -> Origin {
        Origin(servicePort: nil, endpointIndex: -1, basePurpose: purpose)
    }

    /// A port of a Service.
    public static func servicePort(_ servicePort: ServicePortOrigin) -> Origin {
        Origin(servicePort: servicePort, endpointIndex: -1, basePurpose: nil)
    }

    /// One endpoint of a port of a Service.
    ///
    /// - Precondition: `index` is one of `servicePort.endpoints`.
    public static func endpoint(at index: Int, of servicePort: ServicePortOrigin) -> Origin {
        precondition(servicePort.endpoints.indices.contains(index), "no such endpoint")
        return Origin(servicePort: servicePort, endpointIndex: Int32(index), basePurpose: nil)
    }

    @inlinable init(servicePort: ServicePortOrigin?, endpointIndex: Int32, basePurpose: BasePurpose?) {
        self.servicePort = servicePort
        self.endpointIndex = endpointIndex
        self.basePurpose = basePurpose
    }

    /// Where connections are sent to, if this is one endpoint of a service port.
    public var endpoint: AddressPort? {
        guard let servicePort, endpointIndex >= 0 else { return nil }
        return servicePort.endpoints[Int(endpointIndex)]
    }

    /// Whether both are the same purpose, the same service port or the same endpoint of it.
    public static func == (left: Origin, right: Origin) -> Bool {
        left.basePurpose == right.basePurpose && left.servicePort == right.servicePort
            && left.endpoint == right.endpoint
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(basePurpose)
        hasher.combine(servicePort)
        hasher.combine(endpoint)
    }
}

extension Origin: CustomStringConvertible {
    /// `namespace/name:port`, followed by ` -> ADDRESS:PORT` for an endpoint (an IPv6 address in brackets), or the purpose
    /// of a base rule.
    public var description: String {
        guard let servicePort else { return basePurpose?.rawValue ?? "unknown" }
        guard let endpoint else { return servicePort.description }
        return "\(servicePort) -> \(endpoint)"
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
    /// Packets are looked up by address and port.
    case dispatch = "lookup of addresses and ports"
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
    /// Connections that an endpoint refused are tried again.
    case retries = "retry of refused connections"
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
    /// The endpoints that origins of rules refer to, by their positions; no part of the name.
    let endpoints: [AddressPort]

    /// Refers to a port of a Service, whose `endpoints` are those that ``Origin/endpoint(at:of:)`` can refer to.
    public init(
        namespace: String, service: String, port: String, transport: TransportProtocol, endpoints: [AddressPort] = []
    ) {
        self.namespace = namespace
        self.service = service
        self.port = port
        self.transport = transport
        self.endpoints = endpoints
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
