// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Spreads connections over endpoints by one rule for each (writeServiceToEndpointRules), which leads to a chain of the
/// endpoint's own.
struct EndpointChainBalancer: EndpointBalancing {
    private let name: String
    private let transport: TransportProtocol
    private let affinity: ClientAffinity
    private let balance: BalancePolicy
    private let names: ServicePortChains
    private let usable: [UsableEndpoints.Item]
    private let hasComments: Bool
    private let endpoints: [NamedEndpoint]
    // All endpoints of a service port share these, and the memory they are in.
    private let nameComment: [Match]
    private let plainMatches: [Match]

    /// An endpoint with what its rules need: its text, the name of its chain, and their origin.
    private struct NamedEndpoint {
        let endpoint: Endpoint
        /// `ADDRESS:PORT`, an IPv6 address in brackets.
        let text: ArraySlice<UInt8>
        let chain: ChainName
        let origin: Origin
    }

    init(_ compiler: ServicePortCompiler) {
        name = compiler.name
        transport = compiler.servicePort.name.transport
        affinity = compiler.affinity
        balance = compiler.balance
        names = compiler.chains
        usable = compiler.endpoints.all
        hasComments = !compiler.isLargeCluster
        endpoints = compiler.endpoints.all.map { item in
            let (chain, text) = compiler.chains.endpoint(item.endpoint)
            return NamedEndpoint(endpoint: item.endpoint, text: text, chain: chain, origin: item.origin)
        }
        nameComment = hasComments ? [.comment(name)] : []
        plainMatches = nameComment + [.transport(transport)]
    }

    func chains(_ name: ChainName, first: [Rule], over places: [Int], origin: Origin) -> [Chain] {
        let comments = places.map { comment(endpoints[$0]) }
        var rules = first
        rules.reserveCapacity(first.count + places.count * (affinity == .none ? 1 : 2))
        addRemembered(places, comments, to: &rules)
        var below: [Chain] = []
        switch balance {
        case .random: add(places, comments, to: &rules) { .random(Probability(oneOutOf: $0)) }
        case .roundRobin: add(places, comments, to: &rules) { .everyNth(UInt32($0)) }
        case .sourceHash:
            let choice = ClientChoice(names, name, origin, count: places.count)
            for (index, place) in places.enumerated() {
                let (chain, origin) = (endpoints[place].chain, endpoints[place].origin)
                let rule = Rule(matches: comments[index], target: .jump(chain), origin: origin)
                rules.append(choice.rule(at: index, for: usable[place], rule, &below))
            }
        }
        return [Chain(name: name, rules: rules, origin: origin)] + below
    }

    /// Adds the rules that send a client to the endpoint it had last.
    private func addRemembered(_ places: [Int], _ comments: [[Match]], to rules: inout [Rule]) {
        if case .recent(let seconds) = affinity {
            for (index, place) in places.enumerated() {
                let chain = endpoints[place].chain
                let check = Match.recent(RecentMatch(list: chain, action: .check(seconds: seconds)))
                rules.append(
                    Rule(matches: comments[index] + [check], target: .jump(chain), origin: endpoints[place].origin))
            }
        }
    }

    /// Adds the rules that choose one of some endpoints by a match that takes one out of so many packets.
    private func add(
        _ places: [Int], _ comments: [[Match]], to rules: inout [Rule], oneOutOf match: (Int) -> Match
    ) {
        // By index, since each copy of an endpoint would retain all its parts.
        for (index, place) in places.enumerated() {
            // The i-th rule sees what the rules before it left: it takes one out of the n − i that remain.
            let remaining = places.count - index
            let draw = remaining > 1 ? [match(remaining)] : []
            rules.append(
                Rule(
                    matches: comments[index] + draw, target: .jump(endpoints[place].chain),
                    origin: endpoints[place].origin))
        }
    }

    var endpointChains: [Chain] { endpoints.map(chain) }

    /// The chain that sends a connection to one endpoint.
    private func chain(of named: NamedEndpoint) -> Chain {
        let endpoint = named.endpoint
        // A pod that reaches itself through its Service would answer itself directly, which breaks the connection.
        let hairpin = Rule(
            source: AddressMatch(endpoint.address), matches: nameComment,
            target: .jump(KubeProxyChains.markMasquerade), origin: named.origin)
        let matches: [Match] =
            switch affinity {
            case .none, .hash: plainMatches
            case .recent:
                nameComment + [.recent(RecentMatch(list: named.chain, action: .set)), .transport(transport)]
            }
        let translate = Rule(
            transport: transport, matches: matches,
            target: .destinationNAT(endpoint.address, port: endpoint.port), origin: named.origin)
        return Chain(name: named.chain, rules: [hairpin, translate], origin: named.origin)
    }

    private func comment(_ endpoint: NamedEndpoint) -> [Match] {
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
