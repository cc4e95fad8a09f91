// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import RuleEvaluation
import TestSupport
import XTables

/// The rules of the walk-through, and its node.
enum SampleRules {
    static let node = address("192.168.50.10")
    static let client = address("192.168.50.20")
    static let pod = address("10.244.1.191")
    static let otherPod = address("10.244.9.9")
    /// The cluster IP of a Service with three endpoints.
    static let clusterIP = end("10.108.102.12:80")
    static let nodePort = AddressPort(node, 30080)
    static let endpoints = ["10.244.1.191:80", "10.244.2.59:80", "10.244.2.60:80"].map(end)

    static func walkthrough() throws -> RuleEvaluator {
        let url = Repository.fixtures.appending(path: "walkthrough/expected.rules")
        return try evaluator(String(contentsOf: url, encoding: .utf8))
    }

    static func evaluator(_ text: String, _ family: IPFamily = .ipv4) throws -> RuleEvaluator {
        RuleEvaluator(try Ruleset(saveText: text, family: family))
    }

    static let network = NodeNetwork(
        localAddresses: [],
        interfaces: [
            .init("lo", addresses: [.init(address("127.0.0.1"), prefixLength: 8)]),
            .init("eth0", addresses: [.init(node, prefixLength: 24)]), .init("cni0"),
        ],
        routes: [
            .init(range("0.0.0.0/0"), interface: "eth0", gateway: client),
            .init(range("192.168.50.0/24"), interface: "eth0"), .init(range("10.244.0.0/16"), interface: "cni0"),
        ])

    static func packet(
        from source: IPAddress, to destination: AddressPort, _ transport: TransportProtocol = .tcp
    ) -> Packet {
        let origin: Packet.Origin =
            network.isLocal(source)
            ? .host : .network(interface: source.description.hasPrefix("10.244.") ? "cni0" : "eth0")
        return Packet(from: source, port: 40_000, to: destination, transport, origin: origin)
    }
}

extension RuleEvaluator {
    /// The outcomes on the sample's node.
    func outcomes(
        from source: IPAddress, to destination: AddressPort, _ transport: TransportProtocol = .tcp,
        on network: NodeNetwork = SampleRules.network
    ) throws -> [OutcomeShare] {
        try evaluate(SampleRules.packet(from: source, to: destination, transport), on: network).outcomes
    }
}
