// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// An address or port that two Services claim, although a connection can go to one of them only.
public struct ServiceConflict: Sendable, Hashable {
    /// An address and port, or a port of every node.
    public struct Claim: Sendable, Hashable {
        /// The address; `nil` for a port of every node.
        public let address: IPAddress?
        /// The port.
        public let port: UInt16
        /// The transport protocol.
        public let transport: TransportProtocol
    }

    /// One of the two, and what it uses the address or port for.
    public enum Party: Sendable, Hashable {
        /// A service port, for connections to its endpoints.
        case servicePort(ServicePortName)
        /// A Service, for load balancers that ask for its health (`healthCheckNodePort`).
        case healthCheck(ServiceName)

        /// The Service.
        public var service: ServiceName {
            switch self {
            case .servicePort(let name): name.serviceName
            case .healthCheck(let name): name
            }
        }
    }

    /// What both claim.
    public let claim: Claim
    /// The one that does not get the connections.
    public let loser: Party
    /// The one that gets them.
    public let winner: Party

    /// What follows from it, and what would be right.
    public var message: String {
        switch (loser, winner) {
        case (.servicePort(let loser), .servicePort(let winner)):
            "\(claim) of \(loser) is claimed by \(winner) too, which comes first and gets the connections; only one Service "
                + "can have it"
        case (.healthCheck(let loser), .servicePort(let winner)):
            "the healthCheckNodePort \(claim.port) of \(loser) is a node port of \(winner) too, which gets the connections; "
                + "load balancers cannot ask for the health of \(loser)"
        case (.healthCheck(let loser), .healthCheck(let winner)):
            "the healthCheckNodePort \(claim.port) of \(loser) is that of \(winner) too, which comes first and is answered "
                + "for; load balancers get the wrong health of \(loser)"
        case (.servicePort(let loser), .healthCheck(let winner)):
            "\(claim) of \(loser) is the healthCheckNodePort of \(winner) too"
        }
    }
}

extension ServiceConflict.Party: CustomStringConvertible {
    /// The name of the service port, or `the health check of NAMESPACE/NAME`.
    public var description: String {
        switch self {
        case .servicePort(let name): name.description
        case .healthCheck(let name): "the health check of \(name)"
        }
    }
}

extension ServiceConflict.Claim: CustomStringConvertible {
    /// `10.96.0.10:80/TCP`, or `the node port 30080/TCP`.
    public var description: String {
        let target = if let address { AddressPort(address, port).description } else { "the node port \(port)" }
        return "\(target)/\(transport.kubernetesName)"
    }
}

extension ServiceConflict: Comparable {
    /// By the name of the Service that does not get the connections; then addresses come before node ports.
    public static func < (left: ServiceConflict, right: ServiceConflict) -> Bool { left.order < right.order }

    private var order: (ServiceName, String, Int, String, UInt16) {
        let name =
            switch loser {
            case .servicePort(let name): "0 \(name) \(name.transport.kubernetesName)"
            case .healthCheck: "1"
            }
        let address = claim.address
        return (loser.service, name, address == nil ? 2 : address?.family == .ipv6 ? 1 : 0, "\(claim)", claim.port)
    }
}
