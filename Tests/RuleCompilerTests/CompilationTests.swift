import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing
import XTables

@Suite struct CompilationTests {
    @Test(arguments: IPFamily.allCases)
    func anEmptyClusterHasTheBaseRulesOnly(family: IPFamily) {
        let snapshot = ServiceSnapshot(family: family, servicePorts: [])
        let ruleset = Compilation(snapshot, settings: CompilerSettings(node: Node(name: "n"))).ruleset
        // Jumps apart, 4 rules in filter (the loopback rule is IPv4 only) and 5 in nat.
        #expect(ruleset[.filter].chains.reduce(0) { $0 + $1.rules.count } == (family == .ipv4 ? 4 : 3))
        #expect(ruleset[.nat].chains.reduce(0) { $0 + $1.rules.count } == 5)
    }

    @Test(arguments: 0..<40)
    func theOrderOfArrivalDoesNotMatter(seed: Int) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings()
        let snapshot = draw.snapshot(.ipv4, count: 12)
        let shuffled = ServiceSnapshot(family: .ipv4, servicePorts: snapshot.servicePorts.shuffled())
        #expect(
            Compilation(snapshot, settings: settings).ruleset.text()
                == Compilation(shuffled, settings: settings).ruleset.text())
    }

    @Test(arguments: 0..<40, IPFamily.allCases)
    func everyJumpLeadsToAChainThatExists(seed: Int, family: IPFamily) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings()
        let ruleset = Compilation(draw.snapshot(family, count: 12), settings: settings).ruleset
        for table in ruleset.tables {
            let names = Set(table.chains.map(\.name))
            #expect(names.count == table.chains.count)
            for rule in table.chains.flatMap(\.rules) + table.jumps.values.flatMap({ $0 }) {
                if case .jump(let chain) = rule.target { #expect(names.contains(chain)) }
                #expect((rule.comment ?? "").utf8.count <= Match.maximumCommentLength)
            }
        }
    }

    @Test(arguments: 0..<40, IPFamily.allCases)
    func textIsReadBackToTheSameRules(seed: Int, family: IPFamily) throws {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings()
        let ruleset = Compilation(draw.snapshot(family, count: 12), settings: settings).ruleset
        #expect(try Ruleset(saveText: ruleset.text(), family: family) == ruleset)
    }

    /// Changes, one after the other, lead to what compiling from scratch leads to, and say exactly what is different.
    @Test(arguments: 0..<30)
    func updatesAddUpToACompilationFromScratch(seed: Int) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings()
        let start = draw.snapshot(.ipv4, count: 10)
        var entries = Dictionary(uniqueKeysWithValues: start.servicePorts.map { ($0.servicePort.name, $0) })
        var compilation = Compilation(start, settings: settings)
        for step in 0..<20 {
            let before = compilation.ruleset
            let change: Compilation.Change
            if draw.chance(30), let name = entries.keys.sorted().first {
                entries[name] = nil
                change = compilation.update(name, to: nil)
            } else {
                var entry = draw.entry(draw.chance(50) ? step : 100 + step, family: .ipv4)
                if let known = entries.values.sorted(by: { $0.servicePort.name < $1.servicePort.name }).last,
                    draw.chance(60)
                {
                    entry = ServicePortEndpoints(servicePort: known.servicePort, endpoints: draw.endpoints(.ipv4))
                }
                entries[entry.servicePort.name] = entry
                change = compilation.update(entry.servicePort.name, to: entry)
            }
            let snapshot = ServiceSnapshot(family: .ipv4, servicePorts: Array(entries.values))
            let after = Compilation(snapshot, settings: settings).ruleset
            #expect(compilation.ruleset == after)
            #expect(apply(change, to: before) == after)
            #expect(change.isEmpty == (before == after))
        }
    }

    /// A Service that comes, changes and goes leads to what compiling from scratch leads to, and the names that are given
    /// are those of the chains that differ.
    @Test(arguments: 0..<30)
    func updatesOfWholeServicesNameTheChainsTheyTouch(seed: Int) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings()
        let all = draw.snapshot(.ipv4, count: 12).servicePorts
        let names = Set(all.map { ServiceName($0.servicePort.name) }).sorted { $0.service < $1.service }
        var compilation = Compilation(ServiceSnapshot(family: .ipv4, servicePorts: []), settings: settings)
        var present: [ServiceName: [ServicePortEndpoints]] = [:]
        for step in 0..<20 {
            let name = names[step % names.count]
            let own = all.filter { ServiceName($0.servicePort.name) == name }
            let entries = draw.chance(30) ? [] : own.filter { _ in draw.chance(70) }
            let before = compilation.ruleset
            present[name] = entries
            let touched = compilation.updateService(
                namespace: name.namespace, name: name.service, to: entries)
            let snapshot = ServiceSnapshot(family: .ipv4, servicePorts: present.values.flatMap { $0 })
            let after = Compilation(snapshot, settings: settings).ruleset
            #expect(compilation.ruleset == after)
            for table in Table.allCases {
                #expect(touched[table] ?? [] == differingChains(before[table], after[table]))
            }
        }
    }

    private struct ServiceName: Hashable {
        let namespace: String
        let service: String

        init(_ name: ServicePortName) {
            namespace = name.namespace
            service = name.service
        }
    }

    private func differingChains(_ left: TableRules, _ right: TableRules) -> Set<ChainName> {
        let left = Dictionary(uniqueKeysWithValues: left.chains.map { ($0.name, $0.rules) })
        let right = Dictionary(uniqueKeysWithValues: right.chains.map { ($0.name, $0.rules) })
        return Set(left.keys).union(right.keys).filter { left[$0] != right[$0] }
    }

    @Test func crossingTheThresholdTakesCommentsAwayAndBringsThemBack() {
        func entry(_ name: String, endpoints: Int) -> ServicePortEndpoints {
            let servicePort = ServicePort(
                name: ServicePortName(namespace: "n", service: name, port: "", transport: .tcp),
                clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80)
            return ServicePortEndpoints(
                servicePort: servicePort,
                endpoints: (0..<endpoints).map {
                    Endpoint(address: IPAddress(ipv4: 0x0af4_0000 + UInt32($0)), port: 80)
                })
        }
        let settings = CompilerSettings(node: Node(name: "n"))
        let small = entry("small", endpoints: 1)
        let limit = Compilation.largeClusterThreshold
        var compilation = Compilation(
            ServiceSnapshot(family: .ipv4, servicePorts: [small, entry("big", endpoints: limit - 1)]),
            settings: settings)
        #expect(!compilation.isLargeCluster)
        let before = compilation.ruleset

        let big = entry("big", endpoints: limit)
        let change = compilation.update(big.servicePort.name, to: big)
        #expect(compilation.isLargeCluster)
        let snapshot = ServiceSnapshot(family: .ipv4, servicePorts: [small, big])
        #expect(compilation.ruleset == Compilation(snapshot, settings: settings).ruleset)
        #expect(apply(change, to: before) == compilation.ruleset)

        _ = compilation.update(big.servicePort.name, to: nil)
        #expect(!compilation.isLargeCluster)
        #expect(
            compilation.ruleset
                == Compilation(ServiceSnapshot(family: .ipv4, servicePorts: [small]), settings: settings).ruleset)
    }

    private func apply(_ change: Compilation.Change, to ruleset: Ruleset) -> Ruleset {
        Ruleset(
            family: ruleset.family,
            tables: ruleset.tables.map { table in
                var chains = Dictionary(uniqueKeysWithValues: table.chains.map { ($0.name, $0) })
                if table.table == .nat { for name in change.removedChains { chains[name] = nil } }
                for chain in change.changedChains[table.table] ?? [] { chains[chain.name] = chain }
                return TableRules(table: table.table, jumps: table.jumps, chains: Array(chains.values))
            })
    }
}
