// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Rules that mean the same as kube-proxy's and cost a fraction, for the kernel at each commit and for each connection.
///
///     built-in chains ──► KUBE-SERVICES ──► KUBE-CLUSTER-IPS ──► KUBE-IP-… ──► KUBE-SVC-… ──► DNAT
///                              └──► KUBE-NODEPORTS ──► KUBE-NP-… ──► KUBE-EXT-… ──┘
///
/// What is different:
/// - front ends are looked up in trees of chains (``DispatchTree``), for addresses and for ports, in nat and in filter;
/// - an endpoint is one rule, which translates at once; more than ``FlatBalancer/capacity`` are divided into groups;
/// - one rule has all pods masqueraded that reach themselves, in the place of one for each endpoint;
/// - one rule has cluster IP traffic masqueraded, in the place of one for each Service;
/// - only rules of front ends have comments.
///
/// Built-in chains, jumps, marks and the chains of Services stay what they are in kube-proxy's layout.
package struct FlatLayout: RuleLayout {
    let settings: FamilySettings
    /// The rules that are the same in both.
    private(set) var base: KubeProxyLayout
    private var lookups: [FlatLookup]

    package static let usualAffinityMode = AffinityMode.hash

    package init(settings: FamilySettings) {
        self.settings = settings
        base = KubeProxyLayout(settings: settings)
        lookups = FlatLookup.all(settings.family)
    }

    package static let ownership: ChainOwnership = {
        var ownership = KubeProxyLayout.ownership
        for table in ownership.tables {
            guard var entry = ownership.entries[table] else { continue }
            entry.names.formUnion(FlatChains.all(in: table))
            entry.subchains = FlatLookup.subchains(in: table)
            entry.prefixes += entry.subchains.map(\.prefix)
            if table == .nat { entry.prefixes.append(FlatChains.endpointGroup.description) }
            ownership.entries[table] = entry
        }
        return ownership
    }()

    package func compile(_ entry: ServicePortEndpoints, isLargeCluster: Bool) -> CompiledServicePort {
        ServicePortCompiler(entry, settings: settings, isLargeCluster: isLargeCluster, form: Self.form)
            .compile(for: Self.self)
    }

    private static let form = ServicePortForm(
        clusterIPs: FlatChains.clusterIPs, marksInOwnChains: false, commentsInOwnChains: false,
        balancing: { FlatBalancer($0) })

    // MARK: Shared chains

    package mutating func begin(with servicePorts: [CompiledServicePort]) {
        for index in lookups.indices { lookups[index].fill(servicePorts) }
        base.begin(with: servicePorts)
    }

    package mutating func replace(_ old: CompiledServicePort?, by new: CompiledServicePort?) -> TouchedChains {
        var touched = ownChainsTouched(from: old, to: new)
        guard let name = (new ?? old)?.name else { return touched }
        let retryChains = base.retries.replace(old, by: new)
        if !retryChains.isEmpty { touched[.filter, default: []].formUnion(retryChains) }
        for index in lookups.indices {
            let place = lookups[index].place
            let before = old?.rules(of: place.chain, in: place.table) ?? []
            let after = new?.rules(of: place.chain, in: place.table) ?? []
            guard before != after else { continue }
            let keys = FrontEndKeys(before + after)
            let (roots, below) = (rootChains(in: place.table), lookups[index].chains(around: keys))
            lookups[index].replace(before, by: after, of: name)
            var names = Self.differing(below, lookups[index].chains(around: keys))
            names.formUnion(Self.differing(roots, rootChains(in: place.table)))
            touched[place.table, default: []].formUnion(names)
        }
        return touched
    }

    private static func differing(_ old: [ChainName: [Rule]], _ new: [ChainName: [Rule]]) -> Set<ChainName> {
        Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }
    }

    /// The chains whose names are always the same, with what stands in them now.
    private func rootChains(in table: Table) -> [ChainName: [Rule]] {
        let chains = Self.rootNames(in: table).map { name in
            (name, rules(of: name, in: table, looked: lookup(in: name, of: table)?.root ?? []))
        }
        return Dictionary(uniqueKeysWithValues: chains)
    }

    package func sharedChains(in table: Table, of servicePorts: [CompiledServicePort]) -> [Chain] {
        let chains = Self.rootNames(in: table).flatMap { name in
            let content = lookup(in: name, of: table)?.content ?? (root: [], chains: [])
            let root = Chain(
                name: name, rules: rules(of: name, in: table, looked: content.root),
                origin: .base(KubeProxyChains.purpose(of: name)))
            return [root] + content.chains
        }
        return table == .filter ? chains + base.retries.chains(of: servicePorts) : chains
    }

    private static func rootNames(in table: Table) -> [ChainName] {
        KubeProxyChains.all(in: table) + FlatChains.all(in: table)
    }

    private func lookup(in chain: ChainName, of table: Table) -> FlatLookup? {
        lookups.first { $0.place == FlatLookup.Place(table: table, chain: chain) }
    }

    /// The rules of a chain whose name is always the same.
    ///
    /// - Parameter looked: those for front ends.
    private func rules(of name: ChainName, in table: Table, looked: [Rule]) -> [Rule] {
        firstRules(of: name, in: table) + looked + lastRules(of: name, in: table)
    }
}
