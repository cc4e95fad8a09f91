// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// The rules of one service port: its share of the chains that many have rules in, and chains of its own.
public struct CompiledServicePort: Sendable {
    /// The service port it was compiled from.
    public let servicePort: ServicePort
    /// Which endpoints are used, and why the others are not.
    public let selection: EndpointSelection
    /// How connections of a client come to one endpoint; `nil` if they do not.
    public internal(set) var affinityMode: AffinityMode?
    /// How connections without a remembered endpoint are spread: by a hash also where it is ``affinityMode``.
    public internal(set) var balance = BalancePolicy.random
    /// Whether refusals of its endpoints are kept from clients, so that they try again.
    public internal(set) var retriesConnections = false
    /// Whether connections are spread at random since the kernel cannot hash the clients of the family, as they should be.
    public internal(set) var missesSourceHash = false
    /// The layout that its rules are laid out by.
    let layout: any RuleLayout.Type
    /// Its rules in shared chains, each chain once; none that is empty.
    private(set) var shares: [SharedRules] = []
    /// Its own chains.
    var chains = ChainsByTable()

    init(_ servicePort: ServicePort, selection: EndpointSelection, layout: any RuleLayout.Type) {
        self.servicePort = servicePort
        self.selection = selection
        self.layout = layout
    }

    /// The name of the service port.
    public var name: ServicePortName { servicePort.name }

    /// The service port and all its endpoints.
    public var entry: ServicePortEndpoints {
        ServicePortEndpoints(
            servicePort: servicePort, endpoints: selection.endpoints, setAside: selection.setAside)
    }

    /// The lists of recent clients that its session affinity keeps, one for each endpoint; none without affinity.
    public var affinityLists: [ChainName] {
        guard affinityMode == .recent else { return [] }
        var lists: [ChainName] = []
        for chain in chains.nat {
            for rule in chain.rules {
                for case .recent(let recent) in rule.matches where recent.action == .set { lists.append(recent.list) }
            }
        }
        return lists
    }

    /// Adds a rule to its share of a shared chain.
    mutating func add(_ rule: Rule, to chain: ChainName, in table: Table) {
        if let index = shares.firstIndex(where: { $0.chain == chain && $0.table == table }) {
            shares[index].rules.append(rule)
        } else {
            shares.append(SharedRules(table: table, chain: chain, rules: [rule]))
        }
    }

    /// Whether one of its rules in shared chains can match packets to a destination.
    func canBeReached(at destination: AddressPort) -> Bool {
        shares.contains { share in share.rules.contains { $0.canMatch(destination) } }
    }

    /// Its share of a shared chain.
    package func rules(of chain: ChainName, in table: Table) -> [Rule] {
        for share in shares where share.chain == chain && share.table == table { return share.rules }
        return []
    }
}

extension Rule {
    /// Whether some packets to a destination match, as far as address and port decide it.
    fileprivate func canMatch(_ destination: AddressPort) -> Bool {
        if let match = self.destination, match.range.contains(destination.address) == match.isInverted { return false }
        for case .transport(_, let port?) in matches where port != destination.port { return false }
        return true
    }
}

/// The rules that a service port has in a chain that many have rules in.
struct SharedRules: Sendable {
    let table: Table
    let chain: ChainName
    var rules: [Rule]
}

/// The chains that one service port has for itself.
struct ChainsByTable: Sendable {
    var filter: [Chain] = []
    var nat: [Chain] = []

    subscript(table: Table) -> [Chain] {
        switch table {
        case .filter: filter
        case .nat: nat
        case .mangle, .raw, .security: []
        }
    }
}
