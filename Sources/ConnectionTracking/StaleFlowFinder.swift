// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Decides which flows are stale: sent to a Service, and answered by an address that no longer belongs to it.
///
/// NAT rules only see the first packet of a flow; the others go where it went. A UDP flow never ends by itself while its
/// client keeps sending, so without help it would go to a dead endpoint for ever. TCP and SCTP clients notice by
/// themselves, and their connections are left alone; except those that began while rules were missing and that nothing has
/// answered: each repetition of the SYN belongs to the same flow, which no NAT rule sees any more.
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
/// - In a conntrack zone other than 0 for both directions only redirected flows count: there, virtual switches track packets
///   that are yet to reach the rules.
package struct StaleFlowFinder: Sendable {
    /// For each address of a Service the endpoints that may answer.
    private var endpointsByFrontend: [AddressPort: Set<AddressPort>] = [:]
    /// For each node port the endpoints that may answer.
    private var endpointsByNodePort: [UInt16: Set<AddressPort>] = [:]
    private var formerFrontends: Set<AddressPort> = []
    private var formerNodePorts: Set<UInt16> = []
    /// The addresses of Services that are reached by TCP; empty unless connections may have begun without rules.
    private var connectionFrontends: Set<AddressPort> = []
    private var connectionNodePorts: Set<UInt16> = []
    private let nodePortAddresses: Set<IPAddress>

    /// Takes next to no time where nothing is UDP.
    ///
    /// - Parameters:
    ///   - servicePorts: all service ports of one family; those that are not UDP are passed over.
    ///   - former: service ports as they were since the last cleanup, if they are gone or changed. Redirected flows to
    ///     addresses and node ports that only they have are stale.
    ///   - formerFrontEnds: further ones of which no more is known.
    ///   - nodePortAddresses: the node's own addresses on which node ports answer.
    ///   - afterGap: whether rules were missing for a while, so that TCP connections may have begun without them.
    package init(
        _ servicePorts: [ServicePortEndpoints], former: [ServicePort] = [], formerFrontEnds: Set<UDPFrontEnd> = [],
        nodePortAddresses: Set<IPAddress> = [], afterGap: Bool = false
    ) {
        self.nodePortAddresses = nodePortAddresses
        // Spelled out and by index, the protocol is read where it lies; anything else copies each service port.
        for index in servicePorts.indices where servicePorts[index].servicePort.name.transport == .udp {
            insert(servicePorts[index])
        }
        for servicePort in former where servicePort.name.transport == .udp { insertFormer(servicePort) }
        for frontEnd in formerFrontEnds { insertFormer(frontEnd) }
        guard afterGap else { return }
        for index in servicePorts.indices where servicePorts[index].servicePort.name.transport == .tcp {
            let servicePort = servicePorts[index].servicePort
            connectionFrontends.formUnion(servicePort.frontends)
            if let nodePort = servicePort.nodePort { connectionNodePorts.insert(nodePort) }
        }
    }

    /// Whether any flow could be stale at all: if not, the kernel need not be asked.
    package var hasAny: Bool { !kinds.isEmpty }

    /// The flows that can be stale at all.
    var kinds: Set<FlowKind> {
        var kinds: Set<FlowKind> = []
        let hasUDP = !endpointsByFrontend.isEmpty || !formerFrontends.isEmpty || !formerNodePorts.isEmpty
        if hasUDP { kinds.insert(.all(.udp)) }
        if !connectionFrontends.isEmpty { kinds.insert(.unansweredConnections) }
        return kinds
    }

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
        for frontend in servicePort.frontends { insertFormer(.address(frontend)) }
        if let nodePort = servicePort.nodePort { insertFormer(.nodePort(nodePort)) }
    }

    private mutating func insertFormer(_ frontEnd: UDPFrontEnd) {
        switch frontEnd {
        case .address(let address) where endpointsByFrontend[address] == nil: formerFrontends.insert(address)
        case .nodePort(let port) where endpointsByNodePort[port] == nil: formerNodePorts.insert(port)
        default: break
        }
    }

    /// Whether a flow is stale and should be deleted, so that its next packet begins a new one.
    package func isStale(_ flow: Flow) -> Bool {
        guard flow.isRedirected || !flow.zone.mayBeOfSwitch else { return false }
        switch flow.transport {
        case .udp: return isStaleUDP(flow)
        case .tcp: return beganWithoutRules(flow)
        case .sctp: return false
        }
    }

    private func beganWithoutRules(_ connection: Flow) -> Bool {
        guard connection.isUnansweredConnection, !connection.isRedirected else { return false }
        let destination = connection.original.destination
        return connectionFrontends.contains(destination)
            || connectionNodePorts.contains(destination.port) && nodePortAddresses.contains(destination.address)
    }

    private func isStaleUDP(_ flow: Flow) -> Bool {
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
    var frontends: [AddressPort] {
        ([clusterIP] + externalIPs + loadBalancerVIPs).map { AddressPort($0, port) }
    }
}
