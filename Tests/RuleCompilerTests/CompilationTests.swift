// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RandomClusters
import RuleCompiler
import ServiceModel
import Testing
import XTables

@Suite struct CompilationTests {
    /// A random cluster in one of the layouts.
    struct LayoutSeed: Sendable, CustomTestStringConvertible {
        let layout: RuleLayoutKind
        let seed: UInt64

        var testDescription: String { "\(layout.rawValue) \(seed)" }
    }

    static let layoutSeeds = RuleLayoutKind.allCases.flatMap { layout in
        (0..<40).map { LayoutSeed(layout: layout, seed: $0) }
    }

    @Test(arguments: IPFamily.allCases)
    func anEmptyClusterHasTheBaseRulesOnly(family: IPFamily) {
        let snapshot = ServiceSnapshot(family: family, servicePorts: [])
        let ruleset = Compilation(snapshot, settings: CompilerSettings(node: Node(name: "n"))).ruleset
        // Jumps apart, 4 rules in filter (the loopback rule is IPv4 only) and 5 in nat.
        #expect(ruleset[.filter].chains.reduce(0) { $0 + $1.rules.count } == (family == .ipv4 ? 4 : 3))
        #expect(ruleset[.nat].chains.reduce(0) { $0 + $1.rules.count } == 5)
    }

    @Test(arguments: 0..<40, RuleLayoutKind.allCases)
    func theOrderOfArrivalDoesNotMatter(seed: Int, layout: RuleLayoutKind) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings(layout)
        let snapshot = draw.snapshot(.ipv4, count: 12)
        let shuffled = ServiceSnapshot(family: .ipv4, servicePorts: snapshot.servicePorts.shuffled())
        #expect(
            Compilation(snapshot, settings: settings).ruleset.text()
                == Compilation(shuffled, settings: settings).ruleset.text())
    }

    @Test(arguments: Self.layoutSeeds, IPFamily.allCases)
    func everyJumpLeadsToAChainThatExists(seed: LayoutSeed, family: IPFamily) {
        var draw = RandomSnapshot(seed: seed.seed)
        let settings = draw.settings(seed.layout)
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

    @Test(
        "every chain and every rule has an origin, whatever their comments", arguments: Self.layoutSeeds,
        IPFamily.allCases)
    func origins(seed: LayoutSeed, family: IPFamily) {
        var draw = RandomSnapshot(seed: seed.seed)
        let settings = draw.settings(seed.layout)
        let snapshot = draw.snapshot(family, count: 12)
        let names = Set(snapshot.servicePorts.map(\.servicePort.name.description))
        for table in Compilation(snapshot, settings: settings).ruleset.tables {
            #expect(!table.chains.map(\.origin).contains(.unknown))
            for rule in table.chains.flatMap(\.rules) + table.jumps.values.flatMap({ $0 }) {
                #expect(rule.origin != .unknown, "\(rule)")
                guard let servicePort = rule.origin.servicePort else { continue }
                #expect(names.contains(servicePort.description))
                if let comment = rule.comment { #expect(comment.contains(servicePort.description)) }
                if case .destinationNAT(let address, let port) = rule.target {
                    #expect(rule.origin.endpoint == AddressPort(address, port))
                }
            }
        }
    }

    @Test(
        "every chain of the layout is in its ownership, and so are its jumps", arguments: IPFamily.allCases,
        RuleLayoutKind.allCases)
    func ownership(family: IPFamily, layout: RuleLayoutKind) {
        var draw = RandomSnapshot(seed: 3)
        let settings = draw.settings(layout)
        let ruleset = Compilation(draw.snapshot(family, count: 40), settings: settings).ruleset
        for table in ruleset.tables {
            for chain in table.chains {
                let owner = RuleLayoutKind.ownership.owner(of: chain.name, in: table.table)
                #expect(owner == .ours || owner == .shared, "\(chain.name)")
            }
            for rule in table.jumps.values.flatMap({ $0 }) {
                guard let comment = rule.comment else { continue }
                #expect(RuleLayoutKind.ownership.jumpComments.contains(comment))
            }
        }
    }

    @Test(arguments: Self.layoutSeeds, IPFamily.allCases)
    func textIsReadBackToTheSameRules(seed: LayoutSeed, family: IPFamily) throws {
        var draw = RandomSnapshot(seed: seed.seed)
        let settings = draw.settings(seed.layout)
        let ruleset = Compilation(draw.snapshot(family, count: 12), settings: settings).ruleset
        #expect(try Ruleset(saveText: ruleset.text(), family: family) == ruleset)
    }

    /// A Service that comes, changes and goes leads to what compiling from scratch leads to, and the names that are given
    /// are those of the chains that differ.
    ///
    /// So many Services that trees of chains are divided and put together again.
    @Test(arguments: 0..<30, RuleLayoutKind.allCases)
    func updatesOfWholeServicesNameTheChainsTheyTouch(seed: Int, layout: RuleLayoutKind) {
        var draw = RandomSnapshot(seed: UInt64(seed))
        let settings = draw.settings(layout)
        let all = draw.snapshot(.ipv4, count: layout == .flat ? 42 : 12).servicePorts
        let names = Set(all.map(\.servicePort.name.serviceName)).sorted()
        let base = layout == .flat ? Array(all.dropLast(6)) : []
        var present = Dictionary(grouping: base, by: \.servicePort.name.serviceName)
        var compilation = Compilation(ServiceSnapshot(family: .ipv4, servicePorts: base), settings: settings)
        for step in 0..<20 {
            let name = layout == .flat ? draw.pick(names) : names[step % names.count]
            let own = all.filter { $0.servicePort.name.serviceName == name }
            let entries = draw.chance(30) ? [] : own.filter { _ in draw.chance(70) }
            let before = compilation.ruleset
            present[name] = entries
            let touched = compilation.updateService(name, to: entries)
            let snapshot = ServiceSnapshot(family: .ipv4, servicePorts: present.values.flatMap { $0 })
            let after = Compilation(snapshot, settings: settings).ruleset
            #expect(compilation.ruleset == after)
            for table in Table.allCases {
                #expect(touched[table] ?? [] == differingChains(before[table], after[table]))
            }
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
        let touched = compilation.updateService(ServiceName(namespace: "n", name: "big"), to: [big])
        #expect(compilation.isLargeCluster)
        let snapshot = ServiceSnapshot(family: .ipv4, servicePorts: [small, big])
        #expect(compilation.ruleset == Compilation(snapshot, settings: settings).ruleset)
        for table in Table.allCases {
            #expect(touched[table] ?? [] == differingChains(before[table], compilation.ruleset[table]))
        }

        _ = compilation.updateService(ServiceName(namespace: "n", name: "big"), to: [])
        #expect(!compilation.isLargeCluster)
        #expect(
            compilation.ruleset
                == Compilation(ServiceSnapshot(family: .ipv4, servicePorts: [small]), settings: settings).ruleset)
    }
}
