// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RandomClusters
import RuleCompiler
import RuleEvaluation
import TestSupport
import Testing
import XTables

/// The flat layout, held against kube-proxy's by what becomes of packets; `make prove` does the same for a thousand clusters.
@Suite("The flat layout") struct FlatLayoutTests {
    @Test("does the same with every packet as kube-proxy's", arguments: 0..<8, IPFamily.allCases)
    func equality(seed: Int, family: IPFamily) throws {
        let cluster = LayoutPair(seed: UInt64(seed), family: family, serviceCount: 4)
        let flat = cluster.ruleset(.flat)
        for table in flat.tables { #expect(Set(table.chains.map(\.name)).count == table.chains.count) }
        let difference = try cluster.difference(from: flat).difference
        #expect(difference == nil, "\(difference?.words ?? "")")
    }

    @Test("does so too with trees of chains", arguments: IPFamily.allCases)
    func trees(family: IPFamily) throws {
        let cluster = LayoutPair(plainServices: 40, family: family)
        let flat = cluster.ruleset(.flat)
        #expect(flat[.nat].chains.contains { $0.origin == .base(.dispatch) })
        let difference = try cluster.difference(from: flat).difference
        #expect(difference == nil, "\(difference?.words ?? "")")
    }

    @Test("does so too on a kernel that cannot compare addresses, without asking it to", arguments: 0..<4)
    func withoutComparison(seed: Int) throws {
        let cluster = LayoutPair(seed: UInt64(seed), family: .ipv4, serviceCount: 4, comparesAddresses: false)
        let flat = cluster.ruleset(.flat)
        #expect(!flat.tables.flatMap(\.chains).flatMap(\.rules).contains { $0.matches.contains(.sameAddresses) })
        let difference = try cluster.difference(from: flat).difference
        #expect(difference == nil, "\(difference?.words ?? "")")
    }

    @Test("does so too with more endpoints than the kernel divides clients into", arguments: IPFamily.allCases)
    func hashedClients(family: IPFamily) throws {
        let cluster = LayoutPair(hashedEndpoints: 40, family: family)
        let difference = try cluster.difference(from: cluster.ruleset(.flat)).difference
        #expect(difference == nil, "\(difference?.words ?? "")")
    }

    private static let faultsOfTrees: Set<RuleFault> = [.partOfTreeLost, .rangeTooNarrow]

    /// Faults that are made by hand in random clusters are all found.
    ///
    /// A fault in a rule that no packet can come to changes nothing, so some clusters show nothing of it.
    @Test("with a fault does not", arguments: RuleFault.allCases)
    func faults(fault: RuleFault) throws {
        var made = 0
        for seed in 0..<UInt64(40) {
            let family: IPFamily = seed % 2 == 0 ? .ipv4 : .ipv6
            let cluster =
                Self.faultsOfTrees.contains(fault)
                ? LayoutPair(plainServices: 40, family: family)
                : LayoutPair(
                    seed: seed, family: family, serviceCount: 4, hasLargeServices: fault == .groupShareOff)
            var random = SeededGenerator(seed: seed)
            guard let faulty = fault.applied(to: cluster.ruleset(.flat), &random) else { continue }
            made += 1
            if try cluster.difference(from: faulty).difference != nil { return }
        }
        Issue.record("not found in any of \(made) clusters")
    }
}
