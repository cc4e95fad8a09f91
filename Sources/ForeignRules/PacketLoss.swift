// SPDX-License-Identifier: Apache-2.0

/// What a packet to a Service misses if its way ends ahead of our jumps.
enum PacketLoss: Hashable {
    /// Getting an endpoint as its destination.
    case translation
    /// Getting the node's address as its source.
    case masquerading
    /// Being let through to its endpoint.
    case forwarding
    /// Coming to an endpoint at an address of the node, or from the node itself to an endpoint.
    case delivery
    /// Being let in to a port of the node for health checks.
    case admission
    /// Being refused by us.
    case refusal

    /// Whether packets still go to an address or port of the Service, and not to that of an endpoint.
    var concernsServiceAddress: Bool {
        switch self {
        case .translation, .admission, .refusal: true
        case .masquerading, .forwarding, .delivery: false
        }
    }

    /// What the rule does, for example `drops packets to default/web:http (cluster IP 10.96.0.1:80/tcp)`.
    func words(_ end: PacketEnd, _ taken: TakenServices) -> String {
        switch (end, self) {
        case (.accepted, .translation):
            "lets packets to \(taken) leave the table, so that they reach no endpoint"
        case (.accepted, .refusal): "accepts packets to \(taken) that our rules refuse"
        case (.accepted, _): "keeps packets to \(taken) from being masqueraded"
        case (.dropped, _): "drops packets to \(taken)"
        case (.rejected, _): "rejects packets to \(taken)"
        case (.redirected, _): "redirects packets to \(taken) to this node"
        case (.sentElsewhere, _): "sends packets to \(taken) elsewhere"
        case (.sourceTranslated, _): "changes the source of packets to \(taken)"
        case (.handedOver, _): "hands packets to \(taken) over to another program"
        case (.unknown(let target), _): "can take packets to \(taken) (not understood: the target \(target))"
        }
    }
}

/// The service ports whose packets a rule takes.
struct TakenServices: CustomStringConvertible {
    /// How many are named.
    static let shownCount = 3

    /// The first of them, with the address or port of which packets are taken.
    private var names: [String] = []
    private var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func add(_ name: @autoclosure () -> String) {
        count += 1
        if names.count < Self.shownCount { names.append(name()) }
    }

    var description: String {
        let rest = count - names.count
        return names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more service port\(rest == 1 ? "" : "s")" : "")
    }
}
