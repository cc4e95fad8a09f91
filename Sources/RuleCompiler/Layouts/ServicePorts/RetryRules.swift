// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// The rules that have clients try again when an endpoint refuses a connection, the same in all layouts.
///
///     built-in chains ──► KUBE-RETRIES ──► KUBE-RETRY ──► DROP
///     (refusals only)     (front ends      (twice for
///                         with retry)      a client's port)
///
/// An answer to a SYN that refuses it is dropped: the client repeats its SYN after a second (RFC 6298, 2.1), which is a new flow,
/// since connection tracking has forgotten the refused one, and nat chooses again. Without a Service that asks for it there is none
/// of these rules.
struct RetryRules: Sendable {
    /// The front ends of service ports with retry.
    static let frontEnds: ChainName = "KUBE-RETRIES"
    /// Drops what was found, unless the client has been kept waiting twice already.
    static let drop: ChainName = "KUBE-RETRY"

    static let all = [frontEnds, drop]
    /// The comment of the jumps, by which they are recognized.
    static let jumpComment = "kubernetes refused connections"

    /// The built-in chains that refusals pass: those of pods and other nodes, of the node's own programs, and to them.
    private static let builtInChains: [BuiltInChain] = [.input, .forward, .output]

    /// How many service ports have such rules.
    private var count = 0
    /// Their node ports, each with the number of service ports that have it: mostly one.
    private var nodePorts: [UInt16: Int] = [:]

    mutating func begin(with servicePorts: [CompiledServicePort]) {
        for servicePort in servicePorts { take(servicePort, 1) }
    }

    private mutating func take(_ servicePort: CompiledServicePort?, _ difference: Int) {
        guard let servicePort, !Self.rules(of: servicePort).isEmpty else { return }
        count += difference
        guard let port = servicePort.servicePort.nodePort else { return }
        let left = nodePorts[port, default: 0] + difference
        nodePorts[port] = left == 0 ? nil : left
    }

    /// - Returns: the chains in filter that come, change or go.
    mutating func replace(_ old: CompiledServicePort?, by new: CompiledServicePort?) -> Set<ChainName> {
        let (before, after) = (Self.rules(of: old), Self.rules(of: new))
        let (hadRules, exceptionsBefore) = (isUsed, old.map(exceptions) ?? [])
        take(old, -1)
        take(new, 1)
        guard before != after || exceptionsBefore != new.map(exceptions) ?? [] else { return [] }
        guard isUsed != hadRules else { return [Self.frontEnds] }
        return Set(Self.all + Self.builtInChains.map(\.name))
    }

    /// Whether there are any such rules.
    private var isUsed: Bool { count > 0 }

    /// The jumps from built-in chains; they must come ahead of rules that let answers pass.
    var jumps: [BuiltInChain: [Rule]] {
        guard isUsed else { return [:] }
        let jump = Rule(
            transport: .tcp,
            matches: [.comment(Self.jumpComment), .conntrack(.destinationNAT), .refusal],
            target: .jump(Self.frontEnds), origin: .base(.jump))
        return Dictionary(uniqueKeysWithValues: Self.builtInChains.map { ($0, [jump]) })
    }

    /// The chains, as far as they are needed.
    func chains(of servicePorts: [CompiledServicePort]) -> [Chain] {
        guard isUsed else { return [] }
        let drop = Rule(matches: [.retryAllowance], target: .drop, origin: .base(.retries))
        return [
            Chain(
                name: Self.frontEnds,
                rules: exceptions(of: servicePorts) + servicePorts.rules(of: Self.frontEnds, in: .filter),
                origin: .base(.retries)),
            Chain(name: Self.drop, rules: [drop], origin: .base(.retries)),
        ]
    }

    private func exceptions(of servicePorts: [CompiledServicePort]) -> [Rule] {
        guard !nodePorts.isEmpty else { return [] }
        // By index: there are tens of thousands, and a copy of each would retain all its parts.
        return servicePorts.indices.filter { nodePorts[servicePorts[$0].servicePort.port] != nil }
            .flatMap { exceptions(of: servicePorts[$0]) }
    }

    /// The rules that let the answers of a service port pass whose port is a node port of another one with retry: of a node port
    /// only the number is asked for, as the node may have any address.
    private func exceptions(of compiled: CompiledServicePort) -> [Rule] {
        let servicePort = compiled.servicePort
        guard servicePort.name.transport == .tcp, nodePorts[servicePort.port] != nil, !compiled.retriesConnections
        else { return [] }
        let addresses = [servicePort.clusterIP] + servicePort.externalIPs + servicePort.loadBalancerVIPs
        return addresses.map { address in
            Rule(
                transport: .tcp,
                matches: [
                    .comment("\(servicePort.name) has no retry"),
                    .originalDestination(address, port: servicePort.port),
                ], target: .return,
                origin: .servicePort(ServicePortOrigin(servicePort.name)))
        }
    }

    /// The rule of one front end.
    ///
    /// - Parameters:
    ///   - source: the endpoints whose answers are meant; `nil` for all.
    ///   - destination: what the client connected to.
    static func rule(source: AddressMatch?, comment: String, _ destination: Match, _ origin: Origin) -> Rule {
        Rule(
            source: source, transport: .tcp, matches: [.comment(comment), destination], target: .jump(drop),
            origin: origin)
    }

    private static func rules(of servicePort: CompiledServicePort?) -> [Rule] {
        servicePort?.rules(of: frontEnds, in: .filter) ?? []
    }
}
