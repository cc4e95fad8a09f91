// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import TestSupport
import XTables

/// A random cluster, laid out in two ways, on a node whose other rules let nothing through.
package struct LayoutPair {
    private let snapshot: ServiceSnapshot
    private var settings: CompilerSettings

    /// - Parameters:
    ///   - hasLargeServices: whether some Services have so many endpoints that the flat layout divides them.
    ///   - comparesAddresses: whether the kernel can compare a packet's addresses with each other.
    package init(
        seed: UInt64, family: IPFamily, serviceCount: Int, hasLargeServices: Bool = true,
        comparesAddresses: Bool = true
    ) {
        var draw = RandomSnapshot(seed: seed)
        settings = draw.settings()
        settings.comparesAddresses = comparesAddresses
        var entries = draw.snapshot(family, count: serviceCount).servicePorts
        // Several of the largest in one cluster would take an hour.
        let largest = serviceCount < 20 ? 150 : 40
        for index in entries.indices where hasLargeServices && draw.chance(5) {
            let count = draw.pick([17, 17, 17, 40, 40, largest])
            entries[index].endpoints = (0..<count).map { number in
                Endpoint(
                    address: draw.address(family, net: 0x0af5), port: UInt16(1000 + number),
                    nodeName: draw.pick(["here", "there"]))
            }.sorted { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
        }
        // Without a draw, so that clusters of a seed are otherwise what they have always been.
        for index in entries.indices where index % 4 == 1 { entries[index].servicePort.balance = .roundRobin }
        for index in entries.indices where index % 4 == 2 { entries[index].servicePort.retriesConnections = true }
        for index in entries.indices where index % 4 == 3 { entries[index].servicePort.balance = .sourceHash }
        snapshot = ServiceSnapshot(family: family, servicePorts: entries)
    }

    /// Plain Services with one endpoint each, so many that they are looked up in a tree.
    package init(plainServices count: Int, family: IPFamily) {
        var draw = RandomSnapshot(seed: 1)
        settings = CompilerSettings(node: Node(name: "here"))
        snapshot = ServiceSnapshot(
            family: family,
            servicePorts: (0..<count).map { number in
                ServicePortEndpoints(
                    servicePort: ServicePort(
                        name: ServicePortName(namespace: "n", service: "s\(number)", port: "", transport: .tcp),
                        clusterIP: draw.address(family, net: 0x0a60), port: 80),
                    endpoints: [Endpoint(address: draw.address(family, net: 0x0af4), port: 8080)])
            })
    }

    /// One Service whose connections are balanced by a hash of the client's address.
    package init(hashedEndpoints count: Int, family: IPFamily) {
        var draw = RandomSnapshot(seed: 1)
        settings = CompilerSettings(node: Node(name: "here"))
        var service = ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
            clusterIP: draw.address(family, net: 0x0a60), port: 80)
        service.balance = .sourceHash
        let endpoints = (0..<count).map { number in
            Endpoint(address: draw.address(family, net: 0x0af4), port: UInt16(8000 + number))
        }
        snapshot = ServiceSnapshot(
            family: family, servicePorts: [ServicePortEndpoints(servicePort: service, endpoints: endpoints)])
    }

    /// How much work a comparison is, next to others: it grows with the square of the number of endpoints of a Service, each of
    /// which can be the client as well.
    package var effort: Int { snapshot.servicePorts.reduce(0) { $0 + $1.endpoints.count * $1.endpoints.count } }

    /// The rules of the cluster in a layout; with the session affinity of lists in both: a hash is another choice, with the same
    /// shares.
    package func ruleset(_ layout: RuleLayoutKind) -> Ruleset {
        var settings = settings
        settings.layout = layout
        settings.affinityMode = .recent
        var ruleset = Compilation(snapshot, settings: settings).ruleset
        for index in ruleset.tables.indices where ruleset.tables[index].table == .filter {
            for chain in [BuiltInChain.input, .forward] {
                ruleset.tables[index].jumps[chain, default: []].append(Rule(target: .drop, origin: .base(.jump)))
            }
        }
        return ruleset
    }

    /// What kube-proxy's layout does with a packet, and other rules do not.
    package func difference(from other: Ruleset) throws(EvaluationError) -> RulesetComparison.Result {
        let network = NodeNetwork(localAddresses: Set(settings.node.addresses.filter { $0.family == snapshot.family }))
        return try RulesetComparison(
            RuleEvaluator(ruleset(.kubeProxy)), RuleEvaluator(other), on: network, tolerance: .rounding
        ).run()
    }
}

extension RulesetDifference {
    /// The packet and what becomes of it in both, for a message.
    package var words: String {
        func text(_ evaluation: Evaluation) -> String {
            evaluation.outcomes.map { "\($0.share.percentText(decimals: 9)) \($0.outcome)" }.joined(separator: "\n")
        }
        return "\(packet)\n\(text(left))\ninstead of\n\(text(right))"
    }
}
