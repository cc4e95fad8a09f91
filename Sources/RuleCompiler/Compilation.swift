import NetworkTypes
import ServiceModel
import XTables

/// The compiled rules of one IP family, kept service port by service port, so that a change costs what it changes.
public struct Compilation: Sendable {
    /// The number of endpoints above which endpoint rules go without comments.
    ///
    /// Endpoints are counted once for every service port they stand behind, usable or not (proxier.go,
    /// largeClusterEndpointsThreshold).
    public static let largeClusterThreshold = 1000

    /// The family.
    public let family: IPFamily
    /// The compiled service ports, in the order of their names.
    public private(set) var servicePorts: [CompiledServicePort]
    private let settings: FamilySettings
    private var endpointCount: Int

    /// Compiles everything in `snapshot`.
    public init(_ snapshot: ServiceSnapshot, settings: CompilerSettings) {
        let familySettings = FamilySettings(settings, family: snapshot.family)
        let endpointCount = snapshot.endpointCount
        let isLargeCluster = endpointCount > Self.largeClusterThreshold
        family = snapshot.family
        self.endpointCount = endpointCount
        self.settings = familySettings
        servicePorts = snapshot.servicePorts.map {
            ServicePortCompiler($0, settings: familySettings, isLargeCluster: isLargeCluster).compile()
        }
    }

    /// Whether there are so many endpoints that comments of endpoint rules are left out.
    public var isLargeCluster: Bool { endpointCount > Self.largeClusterThreshold }

    /// All rules that must stand in the kernel.
    public var ruleset: Ruleset {
        Ruleset(family: family, tables: Table.allCases.map(rules))
    }

    private func rules(of table: Table) -> TableRules {
        var chains = KubeProxyChains.shared(in: table).map { sharedChain($0, in: table) }
        if table == .nat {
            chains.reserveCapacity(chains.count + servicePorts.reduce(0) { $0 + $1.chains.count })
            for index in servicePorts.indices { chains.append(contentsOf: servicePorts[index].chains) }
        }
        return TableRules(table: table, jumps: settings.jumps(in: table), chains: chains)
    }

    /// A chain that all service ports share, put together from their shares.
    private func sharedChain(_ name: ChainName, in table: Table) -> Chain {
        var rules: [Rule] = []
        if let share = CompiledServicePort.share(of: name, in: table) {
            // Borrowed, not copied: there are tens of thousands, and a copy of each retains all its parts.
            servicePorts.withUnsafeBufferPointer { servicePorts in
                for index in servicePorts.indices { rules.append(contentsOf: share(servicePorts[index])) }
            }
        }
        return Chain(name: name, rules: rules + settings.fixedRules(of: name, in: table))
    }
}

// MARK: Changes

extension Compilation {
    /// What a change of one service port changes in the rules.
    public struct Change: Sendable {
        /// Chains of one table that are new or have other rules than before.
        public var changedChains: [Table: [Chain]] = [:]
        /// Chains of nat that are gone.
        public var removedChains: [ChainName] = []

        /// Whether the rules stay as they are.
        public var isEmpty: Bool { changedChains.isEmpty && removedChains.isEmpty }
    }

    /// Takes over a service port that is new or has changed, or one that is gone (`entry` is `nil`).
    ///
    /// Only that service port is compiled, and only chains it has a share in are put together again — unless the number
    /// of endpoints crosses ``largeClusterThreshold``, when every service port gets its comments or loses them.
    public mutating func update(_ name: ServicePortName, to entry: ServicePortEndpoints?) -> Change {
        let index = position(of: name)
        let isKnown = index < servicePorts.count && servicePorts[index].name == name
        let old = isKnown ? servicePorts[index] : nil
        let wasLargeCluster = isLargeCluster
        endpointCount += (entry?.endpoints.count ?? 0) - (old?.selection.endpoints.count ?? 0)

        let new = entry.map {
            ServicePortCompiler($0, settings: settings, isLargeCluster: isLargeCluster).compile()
        }
        switch (isKnown, new) {
        case (true, let new?): servicePorts[index] = new
        case (true, nil): servicePorts.remove(at: index)
        case (false, let new?): servicePorts.insert(new, at: index)
        case (false, nil): return Change()
        }

        var change = Change()
        change.addChains(from: old, to: new)
        for table in Table.allCases {
            for chain in KubeProxyChains.shared(in: table)
            where old?.rules(of: chain, in: table) ?? [] != new?.rules(of: chain, in: table) ?? [] {
                change.changedChains[table, default: []].append(sharedChain(chain, in: table))
            }
        }
        if isLargeCluster != wasLargeCluster { recompileAll(except: name, into: &change) }
        return change
    }

    private mutating func recompileAll(except name: ServicePortName, into change: inout Change) {
        for index in servicePorts.indices where servicePorts[index].name != name {
            let old = servicePorts[index]
            let entry = ServicePortEndpoints(servicePort: old.servicePort, endpoints: old.selection.endpoints)
            let new = ServicePortCompiler(entry, settings: settings, isLargeCluster: isLargeCluster).compile()
            servicePorts[index] = new
            change.addChains(from: old, to: new)
        }
    }

    /// Where the service port of a name is or would have to be inserted.
    private func position(of name: ServicePortName) -> Int {
        var low = 0
        var high = servicePorts.count
        while low < high {
            let middle = (low + high) / 2
            if servicePorts[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Compilation.Change {
    /// Adds what is different between the own chains of a service port before and after.
    fileprivate mutating func addChains(from old: CompiledServicePort?, to new: CompiledServicePort?) {
        var oldChains: [ChainName: [Rule]] = [:]
        for chain in old?.chains ?? [] { oldChains[chain.name] = chain.rules }
        for chain in new?.chains ?? [] where oldChains.removeValue(forKey: chain.name) != chain.rules {
            changedChains[.nat, default: []].append(chain)
        }
        removedChains.append(contentsOf: oldChains.keys.sorted())
    }
}
