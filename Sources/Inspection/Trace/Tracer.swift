// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import XTables

/// Follows the packet of an inquiry through the rules.
struct Tracer {
    let state: InspectedState
    let traced: TracedPacket
    let compilation: Compilation
    /// The desired rules; if the packet passes them, only those that it can come to.
    let desired: Ruleset
    private let isLive: Bool

    /// - Throws: ``InquiryFailure`` if the inquiry makes no sense, or there are no rules for its family.
    init(_ inquiry: TraceInquiry, _ state: InspectedState) throws(InquiryFailure) {
        self.state = state
        traced = try TracedPacket(inquiry)
        isLive = inquiry.isLive
        let family = traced.source.family
        guard let compilation = state.compilations.first(where: { $0.family == family }) else {
            throw .notFound("there are no rules for \(family.kubernetesName) on this node")
        }
        self.compilation = compilation
        // What a kernel holds can lead to any chain.
        desired = isLive ? compilation.ruleset : compilation.ruleset(towards: traced.destination)
    }

    private var family: IPFamily { compilation.family }

    func trace() throws(InquiryFailure) -> TraceReport {
        var network = machineNetwork
        let flows = state.machine?.flows(
            from: traced.source, port: traced.sourcePort, to: traced.destination, traced.transport)
        let packet = packet(on: network, flows ?? [])
        let evaluator = try self.evaluator()
        if state.machine != nil { network.recentClients = nil }
        var evaluation = try evaluate(evaluator, packet, network)
        // Only lists that can decide are read: a large cluster has one for each endpoint.
        let asked = Set(evaluation.branches.flatMap(\.outcome.pinned))
        let clients = recentClients(asked)
        if state.machine != nil, let clients {
            network.recentClients = clients
            evaluation = try evaluate(evaluator, packet, network)
        }
        let writer = TraceWriter(self, evaluation, network, clients: clients ?? [:])
        var report = TraceReport(
            packet: TracePacket(traced, packet), rules: isLive ? "kernel" : "desired", hops: writer.commonHops,
            outcomes: writer.outcomes, flows: (flows ?? []).map(TraceFlow.init), notes: [])
        report.notes = TraceNotes(self, report, packet, network).all
        return report
    }

    // MARK: What the machine adds

    private var machineNetwork: NodeNetwork {
        if let machine = state.machine { return machine.network(family) }
        let own = state.node.addresses + (compilation.nodePortAddresses ?? [])
        return NodeNetwork(localAddresses: own.filter { $0.family == family })
    }

    /// The contents of lists; `nil` if one cannot be read.
    private func recentClients(_ lists: Set<ChainName>) -> [ChainName: [IPAddress: RecentClient]]? {
        guard let machine = state.machine else { return [:] }
        var contents: [ChainName: [IPAddress: RecentClient]] = [:]
        for list in lists {
            guard let clients = machine.recentClients(list) else { return nil }
            contents[list] = clients
        }
        return contents
    }

    private func evaluator() throws(InquiryFailure) -> RuleEvaluator {
        guard isLive else { return RuleEvaluator(desired) }
        guard let machine = state.machine else {
            throw .unavailable("the rules of this node's kernel cannot be read from here")
        }
        return RuleEvaluator(try machine.tables(family), family: family)
    }

    private func evaluate(
        _ evaluator: RuleEvaluator, _ packet: Packet, _ network: NodeNetwork
    ) throws(InquiryFailure) -> Evaluation {
        do throws(EvaluationError) {
            return try evaluator.evaluate(packet, on: network)
        } catch {
            throw .unavailable("the packet cannot be followed: \(error)")
        }
    }

    // MARK: The packet

    private func packet(on network: NodeNetwork, _ flows: [InspectedFlow]) -> Packet {
        var packet = Packet(
            from: traced.source, port: traced.sourcePort, to: traced.destination, traced.transport,
            origin: origin(on: network))
        packet.state = traced.state
        guard traced.state != .new else { return packet }
        if traced.transport == .tcp { packet.tcpFlags = Packet.ackFlag }
        if let flow = flows.first, traced.state == .established || traced.state == .related {
            if flow.answeredBy != traced.destination { packet.translation.destination = flow.answeredBy }
            if flow.answersTo != flow.source { packet.translation.source = flow.answersTo }
        }
        return packet
    }

    /// By default, a packet from an address of this node is its own, and any other one comes as answers to it would go.
    private func origin(on network: NodeNetwork) -> Packet.Origin {
        if let interface = traced.interface { return .network(interface: interface) }
        if network.isLocal(traced.source) { return .host }
        return .network(interface: network.interface(towards: traced.source))
    }
}

extension NodeNetwork {
    /// The interface by which packets to an address leave; `nil` if it is not known, or there is no route.
    fileprivate func interface(towards address: IPAddress) -> String? {
        let leading = (routes ?? []).filter { $0.range.contains(address) }
        let longest = leading.map(\.range.prefixLength).max()
        return leading.first { $0.range.prefixLength == longest }?.interface
    }
}

extension TracePacket {
    fileprivate init(_ traced: TracedPacket, _ packet: Packet) {
        source = traced.source.description
        sourcePort = traced.sourcePort
        destination = traced.destination.address.description
        destinationPort = traced.destination.port
        self.protocol = traced.transport.kubernetesName
        state = TraceInquiry.states.first { $0.state == traced.state }?.name ?? ""
        isFromNode = packet.origin == .host
        if case .network(let name?) = packet.origin { interface = name }
    }
}

extension TraceFlow {
    fileprivate init(_ flow: InspectedFlow) {
        source = flow.source.description
        endpoint = flow.answeredBy.description
        newSource = flow.answersTo == flow.source ? nil : flow.answersTo.description
    }
}
