import NetworkTypes
import ServiceModel
import XTables

/// An endpoint with its text and the name of its chain.
struct EndpointChain {
    let endpoint: Endpoint
    /// `ADDRESS:PORT`, an IPv6 address in brackets.
    let text: ArraySlice<UInt8>
    let name: ChainName

    init(_ endpoint: Endpoint, chains: ServicePortChains) {
        self.endpoint = endpoint
        (name, text) = chains.endpoint(endpoint)
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
    func rules(over endpoints: [EndpointChain]) -> [Rule] {
        let comments = endpoints.map(comment)
        var rules: [Rule] = []
        rules.reserveCapacity(endpoints.count * (affinity == .none ? 1 : 2))
        if case .clientIP(let seconds) = affinity {
            for (index, endpoint) in endpoints.enumerated() {
                let check = Match.recent(RecentMatch(list: endpoint.name, action: .check(seconds: seconds)))
                rules.append(Rule(matches: comments[index] + [check], target: .jump(endpoint.name)))
            }
        }
        for (index, endpoint) in endpoints.enumerated() {
            // The i-th rule sees what the rules before it left: it takes one out of the n − i that remain.
            let remaining = endpoints.count - index
            let draw: [Match] = remaining > 1 ? [.random(Probability(oneOutOf: remaining))] : []
            rules.append(Rule(matches: comments[index] + draw, target: .jump(endpoint.name)))
        }
        return rules
    }

    /// The chain that sends a connection to one endpoint.
    func endpointChain(_ chain: EndpointChain) -> Chain {
        let endpoint = chain.endpoint
        // A pod that reaches itself through its Service would answer itself directly, which breaks the connection.
        let hairpin = Rule(
            source: AddressMatch(endpoint.address), matches: nameComment,
            target: .jump(KubeProxyChains.markMasquerade))
        let matches: [Match] =
            switch affinity {
            case .none: plainMatches
            case .clientIP:
                nameComment + [.recent(RecentMatch(list: chain.name, action: .set)), .transport(transport)]
            }
        let translate = Rule(
            transport: transport, matches: matches,
            target: .destinationNAT(endpoint.address, port: endpoint.port))
        return Chain(name: chain.name, rules: [hairpin, translate])
    }

    private func comment(_ chain: EndpointChain) -> [Match] {
        guard hasComments else { return [] }
        let arrow: StaticString = " -> "
        let count = name.utf8.count + arrow.utf8CodeUnitCount + chain.text.count
        let text = String(unsafeUninitializedCapacity: count) { buffer in
            var end = buffer.initialize(fromContentsOf: name.utf8)
            end = buffer[end...].initialize(
                fromContentsOf: UnsafeBufferPointer(start: arrow.utf8Start, count: arrow.utf8CodeUnitCount))
            return buffer[end...].initialize(fromContentsOf: chain.text)
        }
        return [.comment(text)]
    }
}
