// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The first packets of connections to a Service, at one place on their way, as far as it is known what they look like.
struct ServicePacket: Hashable {
    /// What of the Service they are for.
    enum Place: String, Hashable {
        case clusterIP = "cluster IP"
        case externalIP = "external IP"
        case loadBalancerIP = "load balancer IP"
        case nodePort = "node port"
        case healthCheckNodePort = "health check node port"
        case endpoint
    }

    enum Destination: Hashable {
        case address(IPAddress)
        /// Any address of the node that serves node ports.
        case nodePortAddresses
    }

    let place: Place
    let destination: Destination
    let port: UInt16
    let transport: TransportProtocol
    var states: ConnectionStates = .new
    /// Whether they have the mark of packets that are to be masqueraded; `nil` if some have.
    var isMarked: Bool?
}

extension ServicePacket: CustomStringConvertible {
    /// For example `cluster IP 10.96.0.1:80/tcp`.
    var description: String {
        switch destination {
        case .address(let address): "\(place.rawValue) \(AddressPort(address, port))/\(transport.rawValue)"
        case .nodePortAddresses: "\(place.rawValue) \(port)/\(transport.rawValue)"
        }
    }
}
