// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import XTables

/// What an operator should know besides the way of a packet.
struct TraceNotes {
    private let tracer: Tracer
    private let report: TraceReport
    private let packet: Packet
    private let network: NodeNetwork

    init(_ tracer: Tracer, _ report: TraceReport, _ packet: Packet, _ network: NodeNetwork) {
        self.tracer = tracer
        self.report = report
        self.packet = packet
        self.network = network
    }

    var all: [String] { unreached + foreign + flows + unknown }

    private var traced: TracedPacket { tracer.traced }
    private var compilation: Compilation { tracer.compilation }

    // MARK: Destinations that no rule translates

    /// Why the packet meets no rule of a Service, if it does not.
    private var unreached: [String] {
        let hops = report.hops + report.outcomes.flatMap(\.hops)
        guard traced.state == .new, report.outcomes.allSatisfy({ $0.endpoint == nil }),
            !hops.contains(where: { $0.service != nil || $0.isForeign })
        else { return [] }
        let found = otherPorts + nodePorts + endpoints
        return found.isEmpty ? ["no Service has the address \(place)"] : found
    }

    private var place: String { "\(traced.destination)/\(traced.transport.kubernetesName)" }

    /// Services with this address and other ports.
    private var otherPorts: [String] {
        compilation.servicePorts.compactMap { compiled in
            let own =
                [compiled.servicePort.clusterIP] + compiled.servicePort.externalIPs
                + compiled.servicePort.loadBalancerVIPs
            guard own.contains(traced.destination.address) else { return nil }
            let port = "\(compiled.servicePort.port)/\(compiled.name.transport.kubernetesName)"
            return "\(traced.destination.address) is an address of \(compiled.name.serviceName), whose port is \(port)"
        }
    }

    private var nodePorts: [String] {
        compilation.servicePorts.filter {
            $0.servicePort.nodePort == traced.destination.port && $0.name.transport == traced.transport
        }.map { compiled in
            let addresses = compilation.nodePortAddresses?.map(\.description).joined(separator: ", ")
            let answering = addresses.map { "on \($0)" } ?? "on the addresses of a node"
            return "\(traced.destination.port) is the node port of \(compiled.name), which answers only \(answering)"
        }
    }

    private var endpoints: [String] {
        compilation.servicePorts.filter { compiled in
            compiled.name.transport == traced.transport
                && compiled.selection.endpoints.contains { $0.addressPort == traced.destination }
        }.map { "\(traced.destination) is an endpoint of \($0.name): no rule translates packets to it" }
    }

    // MARK: Other rules

    private var foreign: [String] {
        var notes: [String] = []
        let hops = report.hops + report.outcomes.flatMap(\.hops)
        let count = Set(hops.filter(\.isForeign)).count
        if count > 0 {
            notes.append("\(count) foreign \(count == 1 ? "rule is" : "rules are") on the way, marked \"foreign\"")
        }
        let chains = tracer.state.machine?.nftablesChainCount(compilation.family) ?? 0
        if chains > 0 {
            notes.append(
                "nf_tables holds \(chains) \(chains == 1 ? "chain" : "chains") as well: its rules see each packet too, and "
                    + "are not in this trace")
        }
        return notes
    }

    // MARK: Connection tracking

    private var flows: [String] {
        guard !report.flows.isEmpty else {
            let isExpected = traced.state == .established || traced.state == .related
            return isExpected
                ? ["no flow of this client is known: the packet is followed as one of a flow that was not translated"]
                : []
        }
        guard traced.state == .new else { return [] }
        if traced.sourcePort != nil {
            return ["connection tracking knows this flow: its packets go on as listed, whatever the rules are now"]
        }
        return ["the flows listed go on as they do, whatever the rules are now; the outcomes are those of a new one"]
    }

    // MARK: What is not known

    private var unknown: [String] {
        var notes: [String] = []
        if tracer.state.machine == nil {
            notes.append(
                "no machine was read: its addresses are those of the Node, its routes and foreign rules are unknown")
            if tracer.state.node.addresses.isEmpty {
                notes.append(
                    "the addresses of the node are unknown: pass --node-ip, or the Node object, to reach node ports")
            }
            // A hash remembers no one.
            if report.outcomes.contains(where: { $0.affinity.map { $0.isHashed != true } ?? false }) {
                notes.append("session affinity: outcomes are those of a client that no endpoint is remembered for")
            }
        }
        return notes
    }
}
