// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// The packets to Services that pass a built-in chain.
struct ServiceTraffic {
    private let compilation: Compilation
    private let matcher: PacketMatcher
    private let known = EndpointPackets()

    /// The packets on their way to the endpoints of each service port: made once, since each rule is compared with them.
    private final class EndpointPackets {
        var byLoss: [PacketLoss: [[ServicePacket]]] = [:]
    }

    init(_ compilation: Compilation, _ matcher: PacketMatcher) {
        self.compilation = compilation
        self.matcher = matcher
    }

    /// Whether packets can meet all conditions that do not depend on where they go to.
    ///
    /// Rules for established connections, for the loopback interface and the like are left out here.
    func canMatch(_ conditions: RuleConditions) -> Bool { matcher.canMatchAny(conditions) }

    /// The service ports that lose packets to a rule.
    ///
    /// - Parameters:
    ///   - conditions: those of the rule, and of the rules that lead to it.
    ///   - isNamed: whether the rule counts only if it names the address or the port.
    ///   - behind: our jumps behind the rule.
    ///   - ended: conditions of packets that do not get to the rule.
    func taken(
        _ loss: PacketLoss, _ conditions: RuleConditions, isNamed: Bool, behind: [ChainName],
        notBy ended: [RuleConditions]
    ) -> TakenServices {
        var taken = TakenServices()
        let (namesPort, namesAddress) = (conditions.namesPort, conditions.namesAddress)
        if isNamed, !namesPort, !namesAddress { return taken }
        let endpointPackets = endpointPackets(loss)
        for (index, servicePort) in compilation.servicePorts.enumerated() {
            var match: ServicePacket?
            forEachPacket(of: servicePort, loss, behind, endpointPackets.map { $0[index] }) { packet in
                // An address of the node is no Service's as long as no port is named.
                guard !isNamed || namesPort || packet.destination != .nodePortAddresses,
                    matcher.likelihood(conditions, packet) != .never,
                    !ended.contains(where: { matcher.likelihood($0, packet) == .always })
                else { return true }
                match = packet
                return false
            }
            if let match { taken.add("\(servicePort.name) (\(match))") }
        }
        return taken
    }

    /// Calls `body` with each kind of packets that would miss something, until it answers `false`.
    ///
    /// - Parameter endpointPackets: those of ``endpointPackets(_:)``, if they are what the loss concerns.
    private func forEachPacket(
        of servicePort: CompiledServicePort, _ loss: PacketLoss, _ behind: [ChainName],
        _ endpointPackets: [ServicePacket]?, _ body: (ServicePacket) -> Bool
    ) {
        switch loss {
        case .translation: forEachFrontEnd(servicePort.servicePort, body)
        case .masquerading, .forwarding, .delivery:
            for packet in endpointPackets ?? [] { guard body(packet) else { return } }
        case .admission, .refusal: forEachFilteredPacket(servicePort, loss, behind, body)
        }
    }

    private func forEachFrontEnd(_ port: ServicePort, _ body: (ServicePacket) -> Bool) {
        func packet(_ place: ServicePacket.Place, _ destination: ServicePacket.Destination, _ number: UInt16)
            -> ServicePacket
        {
            ServicePacket(place: place, destination: destination, port: number, transport: port.name.transport)
        }
        guard body(packet(.clusterIP, .address(port.clusterIP), port.port)) else { return }
        for address in port.externalIPs {
            guard body(packet(.externalIP, .address(address), port.port)) else { return }
        }
        for address in port.loadBalancerVIPs {
            guard body(packet(.loadBalancerIP, .address(address), port.port)) else { return }
        }
        if let nodePort = port.nodePort { _ = body(packet(.nodePort, .nodePortAddresses, nodePort)) }
    }

    /// Packets on their way to an endpoint of each service port, whose address is their destination by now; `nil` if the
    /// loss concerns others.
    private func endpointPackets(_ loss: PacketLoss) -> [[ServicePacket]]? {
        switch loss {
        case .translation, .admission, .refusal: return nil
        case .masquerading, .forwarding, .delivery: break
        }
        if let packets = known.byLoss[loss] { return packets }
        let packets = compilation.servicePorts.map { endpointPackets(of: $0, loss) }
        known.byLoss[loss] = packets
        return packets
    }

    private func endpointPackets(of servicePort: CompiledServicePort, _ loss: PacketLoss) -> [ServicePacket] {
        servicePort.selection.reachableEndpoints.compactMap { endpoint in
            let isLocal = matcher.isLocal(endpoint.address)
            // What goes to an address of the node passes INPUT, all else FORWARD.
            if matcher.chain == .input, isLocal != true { return nil }
            if matcher.chain == .forward, isLocal == true { return nil }
            return ServicePacket(
                place: .endpoint, destination: .address(endpoint.address), port: endpoint.port,
                transport: servicePort.name.transport, states: [.new, .destinationNAT],
                isMarked: loss == .masquerading ? true : nil)
        }
    }

    /// Packets about which our rules in filter decide.
    private func forEachFilteredPacket(
        _ servicePort: CompiledServicePort, _ loss: PacketLoss, _ behind: [ChainName],
        _ body: (ServicePacket) -> Bool
    ) {
        for chain in behind {
            for rule in servicePort.rules(of: chain, in: .filter) {
                switch (rule.target, loss) {
                case (.accept, .admission), (.drop, .refusal): break
                case (.rejectPortUnreachable, .refusal) where matcher.chain != .input: break
                default: continue
                }
                guard let packet = ServicePacket(rule, of: servicePort.servicePort) else { continue }
                guard body(packet) else { return }
            }
        }
    }
}

extension ServicePacket {
    /// The packets that a rule of ours in filter is for.
    fileprivate init?(_ rule: Rule, of servicePort: ServicePort) {
        for case .transport(let transport, let port?) in rule.matches {
            guard let address = rule.destination?.range.address else {
                let place: Place = port == servicePort.nodePort ? .nodePort : .healthCheckNodePort
                self.init(place: place, destination: .nodePortAddresses, port: port, transport: transport)
                return
            }
            let place: Place =
                if address == servicePort.clusterIP {
                    .clusterIP
                } else if servicePort.externalIPs.contains(address) {
                    .externalIP
                } else {
                    .loadBalancerIP
                }
            self.init(place: place, destination: .address(address), port: port, transport: transport)
            return
        }
        return nil
    }
}
