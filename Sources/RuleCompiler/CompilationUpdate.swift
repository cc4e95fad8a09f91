import NetworkTypes
import ServiceModel
import XTables

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

    /// The names of the chains that changes make, alter or remove.
    public typealias TouchedChains = [Table: Set<ChainName>]

    /// Takes over a service port that is new or has changed, or one that is gone (`entry` is `nil`).
    ///
    /// Only that service port is compiled, and only chains it has a share in are put together again — unless the number
    /// of endpoints crosses ``largeClusterThreshold``, when every service port gets its comments or loses them.
    public mutating func update(_ name: ServicePortName, to entry: ServicePortEndpoints?) -> Change {
        var change = Change()
        for replacement in replace(name, with: entry) {
            change.addChains(of: replacement)
            for (table, chain) in replacement.touchedSharedChains {
                change.changedChains[table, default: []].append(sharedChain(chain, in: table))
            }
        }
        return change
    }

    /// Takes over all service ports of one Service, as they are now; none if the Service is gone or is skipped.
    ///
    /// Costs what the Service costs, whatever the number of Services — with the exception that ``update(_:to:)`` has.
    ///
    /// - Returns: the chains that the rules of this change are in; adding up over several changes, they may come to hold
    ///   the same rules again.
    public mutating func updateService(
        namespace: String, name: String, to entries: [ServicePortEndpoints]
    ) -> TouchedChains {
        var wanted: [ServicePortName: ServicePortEndpoints] = [:]
        for entry in entries { wanted[entry.servicePort.name] = entry }
        let known = servicePorts(namespace: namespace, service: name).map(\.name)
        var touched: TouchedChains = [:]
        for servicePort in Set(known).union(wanted.keys).sorted() {
            for replacement in replace(servicePort, with: wanted[servicePort]) { replacement.addTouched(to: &touched) }
        }
        return touched
    }

    /// The compiled service ports of one Service.
    public func servicePorts(namespace: String, service: String) -> ArraySlice<CompiledServicePort> {
        servicePorts[range(ofService: service, namespace: namespace)]
    }

    /// One compiled service port that took the place of another.
    fileprivate struct Replacement {
        let old: CompiledServicePort?
        let new: CompiledServicePort?

        /// The shared chains in which the two have different rules.
        var touchedSharedChains: [(Table, ChainName)] {
            Table.allCases.flatMap { table in
                KubeProxyChains.shared(in: table).filter {
                    old?.rules(of: $0, in: table) ?? [] != new?.rules(of: $0, in: table) ?? []
                }.map { (table, $0) }
            }
        }

        func addTouched(to touched: inout TouchedChains) {
            for (table, chain) in touchedSharedChains { touched[table, default: []].insert(chain) }
            var change = Change()
            change.addChains(of: self)
            let own = (change.changedChains[.nat] ?? []).map(\.name) + change.removedChains
            if !own.isEmpty { touched[.nat, default: []].formUnion(own) }
        }
    }

    /// Compiles a service port and puts it in its place; all others too if endpoint comments come or go.
    private mutating func replace(_ name: ServicePortName, with entry: ServicePortEndpoints?) -> [Replacement] {
        let index = position { $0 < name }
        let isKnown = index < servicePorts.count && servicePorts[index].name == name
        let old = isKnown ? servicePorts[index] : nil
        let wasLargeCluster = isLargeCluster
        endpointCount += (entry?.endpoints.count ?? 0) - (old?.selection.endpoints.count ?? 0)

        let new = entry.map(compile)
        switch (isKnown, new) {
        case (true, let new?): servicePorts[index] = new
        case (true, nil): servicePorts.remove(at: index)
        case (false, let new?): servicePorts.insert(new, at: index)
        case (false, nil): return []
        }
        var replacements = [Replacement(old: old, new: new)]
        if isLargeCluster != wasLargeCluster { replacements += recompileAll(except: name) }
        return replacements
    }

    private mutating func recompileAll(except name: ServicePortName) -> [Replacement] {
        servicePorts.indices.filter { servicePorts[$0].name != name }.map { index in
            let old = servicePorts[index]
            let new = compile(
                ServicePortEndpoints(servicePort: old.servicePort, endpoints: old.selection.endpoints))
            servicePorts[index] = new
            return Replacement(old: old, new: new)
        }
    }

    private func compile(_ entry: ServicePortEndpoints) -> CompiledServicePort {
        ServicePortCompiler(entry, settings: settings, isLargeCluster: isLargeCluster).compile()
    }

    /// Where the service ports of a Service are.
    private func range(ofService service: String, namespace: String) -> Range<Int> {
        let start = position {
            $0.namespace != namespace ? $0.namespace < namespace : $0.service < service
        }
        let rest = servicePorts[start...]
        let count = rest.prefix { $0.name.namespace == namespace && $0.name.service == service }.count
        return start..<start + count
    }

    /// The first place whose name is not `isBefore` the one looked for.
    private func position(_ isBefore: (ServicePortName) -> Bool) -> Int {
        var low = 0
        var high = servicePorts.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(servicePorts[middle].name) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Compilation.Change {
    /// Adds what is different between the own chains of a service port before and after.
    fileprivate mutating func addChains(of replacement: Compilation.Replacement) {
        var oldChains: [ChainName: [Rule]] = [:]
        for chain in replacement.old?.chains ?? [] { oldChains[chain.name] = chain.rules }
        for chain in replacement.new?.chains ?? []
        where oldChains.removeValue(forKey: chain.name) != chain.rules {
            changedChains[.nat, default: []].append(chain)
        }
        removedChains.append(contentsOf: oldChains.keys.sorted())
    }
}
