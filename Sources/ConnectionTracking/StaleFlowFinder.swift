// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Decides which flows are stale: sent to a Service, and answered by an address that no longer belongs to it.
///
/// NAT rules only see the first packet of a flow; the others go where it went. A UDP flow never ends by itself while its
/// client keeps sending, so without help it would go to a dead endpoint for ever. TCP and SCTP clients notice by
/// themselves, and their connections are left alone.
///
/// The rules are kube-proxy's (pkg/proxy/conntrack/cleanup.go): a UDP flow to an address of a Service is stale if the
/// source of its replies is none of the Service's serving endpoints. Terminating endpoints count as long as they serve,
/// and neither traffic policies nor topology count: a change of those leaves flows where they are, as it does with
/// TCP. How clients are masqueraded makes no difference. What is done otherwise than in kube-proxy 1.36.2:
///
/// - A Service that has no endpoint is not passed over: all flows to it are stale (kubernetes#139628). A flow that is not
///   redirected at all began before there were rules; once there are, it would pass them by.
/// - Addresses that a Service had before count until they are cleaned up (kubernetes#141371): see `former`.
/// - Endpoints that are ready without serving (`publishNotReadyAddresses`) count, since rules lead to them.
/// - For kube-proxy any flow to the number of a node port counts, wherever it is sent. Here it must have been sent to an
///   address where node ports answer, or have been redirected, since the node may forward flows to other hosts that use
///   the same number; and a flow to an address of another Service is judged by that Service.
/// - In a conntrack zone other than 0 only redirected flows count: there, virtual switches track packets that are yet to
///   reach the rules.
package struct StaleFlowFinder: Sendable {
    /// For each address of a Service the endpoints that may answer.
    private var endpointsByFrontend: [AddressPort: Set<AddressPort>] = [:]
    /// For each node port the endpoints that may answer.
    private var endpointsByNodePort: [UInt16: Set<AddressPort>] = [:]
    private var formerFrontends: Set<AddressPort> = []
    private var formerNodePorts: Set<UInt16> = []
    private let nodePortAddresses: Set<IPAddress>

    /// Takes next to no time where nothing is UDP.
    ///
    /// - Parameters:
    ///   - servicePorts: all service ports of one family; those that are not UDP are passed over.
    ///   - former: service ports as they were since the last cleanup, if they are gone or changed. Redirected flows to
    ///     addresses and node ports that only they have are stale.
    ///   - nodePortAddresses: the node's own addresses on which node ports answer.
    package init(
        _ servicePorts: [ServicePortEndpoints], former: [ServicePort] = [], nodePortAddresses: Set<IPAddress> = []
    ) {
        self.nodePortAddresses = nodePortAddresses
        // Spelled out and by index, the protocol is read where it lies; anything else copies each service port.
        for index in servicePorts.indices where servicePorts[index].servicePort.name.transport == .udp {
            insert(servicePorts[index])
        }
        for servicePort in former where servicePort.name.transport == .udp { insertFormer(servicePort) }
    }

    /// Whether any flow could be stale at all: if not, the kernel need not be asked.
    package var hasUDP: Bool { !endpointsByFrontend.isEmpty || !formerFrontends.isEmpty }

    private mutating func insert(_ entry: ServicePortEndpoints) {
        let endpoints = entry.answeringEndpoints
        // Two Services can claim one external address. Which of them gets a flow is up to the order of the rules, so
        // the endpoints of both may answer.
        for frontend in entry.servicePort.frontends {
            endpointsByFrontend[frontend, default: endpoints].formUnion(endpoints)
        }
        if let nodePort = entry.servicePort.nodePort {
            endpointsByNodePort[nodePort, default: endpoints].formUnion(endpoints)
        }
    }

    private mutating func insertFormer(_ servicePort: ServicePort) {
        formerFrontends.formUnion(servicePort.frontends.filter { endpointsByFrontend[$0] == nil })
        if let nodePort = servicePort.nodePort, endpointsByNodePort[nodePort] == nil {
            formerNodePorts.insert(nodePort)
        }
    }

    /// Whether a flow is stale and should be deleted, so that its next packet begins a new one.
    package func isStale(_ flow: Flow) -> Bool {
        guard flow.transport == .udp, flow.isRedirected || flow.zone == 0 else { return false }
        let destination = flow.original.destination
        if let endpoints = endpointsByFrontend[destination] { return !endpoints.contains(flow.reply.source) }
        if let endpoints = endpointsByNodePort[destination.port] {
            guard flow.isRedirected || nodePortAddresses.contains(destination.address) else { return false }
            return !endpoints.contains(flow.reply.source)
        }
        return flow.isRedirected
            && (formerFrontends.contains(destination) || formerNodePorts.contains(destination.port))
    }
}

extension StaleFlowFinder {
    /// Whether flows can have become stale by a change of service ports, so that a cleanup is due after the sync.
    ///
    /// Only addresses, node ports and answering endpoints of UDP ports count: what readiness, policies and hints do to
    /// the choice of endpoints leaves flows where they are.
    ///
    /// - Parameters:
    ///   - old: the service ports that were touched, as they were; empty for new ones.
    ///   - new: the same as they are; empty for those that are gone.
    package static func isCleanupNeeded(from old: [ServicePortEndpoints], to new: [ServicePortEndpoints]) -> Bool {
        guard old.contains(where: \.isUDP) || new.contains(where: \.isUDP) else { return false }
        return routes(old) != routes(new)
    }

    /// Where flows to a service port may go.
    private struct Route: Equatable {
        let frontends: Set<AddressPort>
        let nodePort: UInt16?
        let endpoints: Set<AddressPort>
    }

    private static func routes(_ servicePorts: [ServicePortEndpoints]) -> [ServicePortName: Route] {
        var routes: [ServicePortName: Route] = [:]
        for entry in servicePorts where entry.isUDP {
            routes[entry.servicePort.name] = Route(
                frontends: Set(entry.servicePort.frontends), nodePort: entry.servicePort.nodePort,
                endpoints: entry.answeringEndpoints)
        }
        return routes
    }
}

extension ServicePortEndpoints {
    /// Whether its flows can become stale.
    fileprivate var isUDP: Bool { servicePort.name.transport == .udp }

    /// The endpoints from which an answer is valid.
    fileprivate var answeringEndpoints: Set<AddressPort> {
        var answering: Set<AddressPort> = []
        for endpoint in endpoints where !endpoint.conditions.isDisjoint(with: [.ready, .serving]) {
            answering.insert(endpoint.addressPort)
        }
        return answering
    }
}

extension ServicePort {
    /// All addresses that clients can send to, node ports aside.
    fileprivate var frontends: [AddressPort] {
        ([clusterIP] + externalIPs + loadBalancerVIPs).map { AddressPort($0, port) }
    }
}
