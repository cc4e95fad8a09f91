// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// A usable endpoint with what its rules need: its text, the name of its chain, and their origin.
struct BalancedEndpoint {
    let endpoint: Endpoint
    /// `ADDRESS:PORT`, an IPv6 address in brackets.
    let text: ArraySlice<UInt8>
    let chain: ChainName
    let origin: Origin

    init(_ endpoint: Endpoint, chains: ServicePortChains, origin: Origin) {
        self.endpoint = endpoint
        (chain, text) = chains.endpoint(endpoint)
        self.origin = origin
    }
}

/// Makes the rules that spread connections over endpoints (writeServiceToEndpointRules), and the endpoints' chains.
struct EndpointBalancer {
    private let name: String
    private let transport: TransportProtocol
    private let affinity: SessionAffinity
    private let hasComments: Bool
    // All endpoints of a service port share these, and the memory they are in.
    private let nameComment: [Match]
    private let plainMatches: [Match]

    init(name: String, transport: TransportProtocol, affinity: SessionAffinity, hasComments: Bool) {
        self.name = name
        self.transport = transport
        self.affinity = affinity
        self.hasComments = hasComments
        nameComment = hasComments ? [.comment(name)] : []
        plainMatches = nameComment + [.transport(transport)]
    }

    /// The rules that choose one of `endpoints`: the one the client had last, or a random one.
    func rules(over endpoints: [BalancedEndpoint]) -> [Rule] {
        let comments = endpoints.map(comment)
        var rules: [Rule] = []
        rules.reserveCapacity(endpoints.count * (affinity == .none ? 1 : 2))
        if case .clientIP(let seconds) = affinity {
            for index in endpoints.indices {
                let chain = endpoints[index].chain
                let check = Match.recent(RecentMatch(list: chain, action: .check(seconds: seconds)))
                rules.append(
                    Rule(matches: comments[index] + [check], target: .jump(chain), origin: endpoints[index].origin))
            }
        }
        // By index, since each copy of an endpoint would retain all its parts.
        for index in endpoints.indices {
            // The i-th rule sees what the rules before it left: it takes one out of the n − i that remain.
            let remaining = endpoints.count - index
            let draw: [Match] = remaining > 1 ? [.random(Probability(oneOutOf: remaining))] : []
            rules.append(
                Rule(
                    matches: comments[index] + draw, target: .jump(endpoints[index].chain),
                    origin: endpoints[index].origin))
        }
        return rules
    }

    /// The chain that sends a connection to one endpoint.
    func chain(of balanced: BalancedEndpoint) -> Chain {
        let endpoint = balanced.endpoint
        // A pod that reaches itself through its Service would answer itself directly, which breaks the connection.
        let hairpin = Rule(
            source: AddressMatch(endpoint.address), matches: nameComment,
            target: .jump(KubeProxyChains.markMasquerade), origin: balanced.origin)
        let matches: [Match] =
            switch affinity {
            case .none: plainMatches
            case .clientIP:
                nameComment + [.recent(RecentMatch(list: balanced.chain, action: .set)), .transport(transport)]
            }
        let translate = Rule(
            transport: transport, matches: matches,
            target: .destinationNAT(endpoint.address, port: endpoint.port), origin: balanced.origin)
        return Chain(name: balanced.chain, rules: [hairpin, translate], origin: balanced.origin)
    }

    private func comment(_ endpoint: BalancedEndpoint) -> [Match] {
        guard hasComments else { return [] }
        let arrow: StaticString = " -> "
        let count = name.utf8.count + arrow.utf8CodeUnitCount + endpoint.text.count
        let text = String(unsafeUninitializedCapacity: count) { buffer in
            var end = buffer.initialize(fromContentsOf: name.utf8)
            end = buffer[end...].initialize(
                fromContentsOf: UnsafeBufferPointer(start: arrow.utf8Start, count: arrow.utf8CodeUnitCount))
            return buffer[end...].initialize(fromContentsOf: endpoint.text)
        }
        return [.comment(text)]
    }
}
