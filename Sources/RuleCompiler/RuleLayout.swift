// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// How the rules of a cluster are laid out: which chains there are, what stands in them, and which rules count what.
///
/// Everything else works on any layout: it asks here, and knows no chain by name. Compiling one service port is apart
/// from putting the chains of all of them together, so that a change costs what it changes.
///
/// Invariants that the tests hold every layout to:
/// - the same service ports and settings lead to the same rules, in whatever order the service ports came;
/// - each rule and each chain has an ``Origin``;
/// - each chain is in the layout's ``ownership``, so that it is removed when it is no longer desired.
package protocol RuleLayout: Sendable {
    /// The chains and jumps of this layout, whatever the cluster; those that only a former version made, too.
    static var ownership: ChainOwnership { get }

    /// How session affinity works unless options or a Service say otherwise.
    static var usualAffinityMode: AffinityMode { get }

    /// Lays out rules under these settings.
    init(settings: FamilySettings)

    /// Compiles one service port, which no other one has an influence on.
    ///
    /// - Parameter isLargeCluster: whether rules of endpoints go without comments, to save memory.
    func compile(_ entry: ServicePortEndpoints, isLargeCluster: Bool) -> CompiledServicePort

    /// Our rules in the built-in chains of a table, in the order they have on a clean node.
    func jumps(in table: Table) -> [BuiltInChain: [Rule]]

    /// What our jump from a built-in chain to a chain of ours is for.
    static func purpose(ofJumpTo chain: ChainName, in table: Table) -> JumpPurpose

    /// The chains of a table that belong to no single service port, put together for these service ports.
    ///
    /// - Parameter servicePorts: all of the family, ordered by name.
    func sharedChains(in table: Table, of servicePorts: [CompiledServicePort]) -> [Chain]

    /// Takes note of all service ports of the family, ordered by name; once, ahead of ``replace(_:by:)``.
    mutating func begin(with servicePorts: [CompiledServicePort])

    /// Takes note that one compiled service port takes the place of another.
    ///
    /// - Parameters:
    ///   - old: `nil` for a service port that is new.
    ///   - new: `nil` for one that is removed.
    /// - Returns: the chains whose rules differ.
    mutating func replace(_ old: CompiledServicePort?, by new: CompiledServicePort?) -> TouchedChains

    /// The rules in nat that send a connection to an endpoint, one for each usable endpoint; the address and port of the
    /// key are the endpoint's.
    static func endpointRules(of servicePort: CompiledServicePort) -> [CounterKey]

    /// The rules in filter that refuse or drop what is sent to a service port, in the order of their chains; each
    /// key once.
    static func refusingRules(of servicePort: CompiledServicePort) -> [RefusingRule]

    /// The rules in filter that drop packets which connection tracking cannot place; none if such packets may pass.
    var invalidPacketRules: [CounterKey] { get }

    /// The chains of a table in which many service ports have rules of their own; not those that are parts of others.
    static func sharedChains(in table: Table) -> [ChainName]

    /// The chain that takes the rules in that a shared chain of any layout has.
    static func home(ofRulesIn chain: ChainName) -> ChainName

    /// The chains that rules in chains of single service ports may jump to besides such chains.
    static var sharedTargets: Set<ChainName> { get }

    /// Whether a chain belongs to a single service port, by its name.
    static func isServicePortChain(_ chain: ChainName) -> Bool

    /// The rules in nat that send node ports on from the node's loopback addresses; none where rules for all addresses do
    /// that.
    func localhostNodePortRules(of servicePorts: [CompiledServicePort]) -> [CounterKey]
}

/// The names of the chains that changes make, alter or remove.
public typealias TouchedChains = [Table: Set<ChainName>]

extension RuleLayout {
    /// The chains that one compiled service port touches when it takes the place of another, in a layout whose shared chains
    /// are the shares of the service ports, one behind the other.
    func touchedChains(from old: CompiledServicePort?, to new: CompiledServicePort?) -> TouchedChains {
        var touched = ownChainsTouched(from: old, to: new)
        for share in (old?.shares ?? []) + (new?.shares ?? [])
        where old?.rules(of: share.chain, in: share.table) ?? [] != new?.rules(of: share.chain, in: share.table) ?? [] {
            touched[share.table, default: []].insert(share.chain)
        }
        return touched
    }

    /// The own chains of two service ports that are different or there once only.
    func ownChainsTouched(from old: CompiledServicePort?, to new: CompiledServicePort?) -> TouchedChains {
        var touched: TouchedChains = [:]
        for table in Self.ownership.tables {
            let names = Self.differingChains(old?.chains[table] ?? [], new?.chains[table] ?? [])
            if !names.isEmpty { touched[table, default: []].formUnion(names) }
        }
        return touched
    }

    /// The chains that are in one list only, or in both with other rules.
    private static func differingChains(_ old: [Chain], _ new: [Chain]) -> [ChainName] {
        // Mostly the same chains in the same places: what is equal at both ends needs no dictionary.
        let shorter = min(old.count, new.count)
        let start = (0..<shorter).first { old[$0] != new[$0] } ?? shorter
        let end = (0..<shorter - start).first { old[old.count - 1 - $0] != new[new.count - 1 - $0] } ?? shorter - start
        var rules: [ChainName: [Rule]] = [:]
        for chain in old[start..<old.count - end] { rules[chain.name] = chain.rules }
        let changed = new[start..<new.count - end].filter { rules.removeValue(forKey: $0.name) != $0.rules }
        return changed.map(\.name) + rules.keys
    }
}

/// The layouts there are.
public enum RuleLayoutKind: String, Hashable, Sendable, CaseIterable {
    /// The chains and rules that kube-proxy writes in its mode iptables, rule for rule.
    case kubeProxy = "kube-proxy"
    /// Rules that mean the same, in trees of chains: fewer, and faster to change and to pass.
    case flat

    package var implementation: any RuleLayout.Type {
        switch self {
        case .kubeProxy: KubeProxyLayout.self
        case .flat: FlatLayout.self
        }
    }

    /// The tables in which some layout has rules, in the order in which iptables-save prints them.
    public static let tables = ownership.tables

    /// The chains and jumps of all layouts, so that a change of the layout leaves nothing behind, and what only cleanup
    /// removes.
    public static let ownership = allCases.reduce(Leftovers.ownership) { $0.union($1.implementation.ownership) }

    /// Whether a chain belongs to a single service port in some layout.
    static func isServicePortChain(_ chain: ChainName) -> Bool {
        allCases.contains { $0.implementation.isServicePortChain(chain) }
    }

    /// The chains of a table in which many service ports have rules of their own, in some layout.
    static func sharedChains(in table: Table) -> Set<ChainName> {
        Set(allCases.flatMap { $0.implementation.sharedChains(in: table) })
    }
}
