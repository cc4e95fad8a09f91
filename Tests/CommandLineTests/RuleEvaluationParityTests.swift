// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import RuleCompiler
import RuleEvaluation
import TestSupport
import Testing
import XTables

/// What our rules do with packets, compared with what kube-proxy's measured rules do, whatever the text of both is.
@Suite("Rules for random clusters") struct RuleEvaluationParityTests {
    private static let clusters = Fixture.measured.filter { $0.testDescription.hasPrefix("parity-random") }

    /// Each one takes seconds, so these are some of them; with `KUBETABLES_FULL_PROOF=1` all.
    private static let flatClusters: [Fixture] = {
        let all = Fixture.measured
        let isComplete = ProcessInfo.processInfo.environment["KUBETABLES_FULL_PROOF"] == "1"
        return isComplete ? all : all.enumerated().filter { $0.offset % 12 == 3 }.map(\.element)
    }()

    private func network(_ family: IPFamily) -> NodeNetwork {
        let addresses = ["10.9.0.1", "2001:db8:9::1"].compactMap { IPAddress($0) }
        return NodeNetwork(localAddresses: addresses.filter { $0.family == family })
    }

    @Test("do the same with every packet as kube-proxy's, and altered ones do not", arguments: clusters)
    func equality(fixture: Fixture) throws {
        let compilation = try fixture.explainingCompilation()
        let family = compilation.family
        let measured = try Ruleset(saveText: fixture.expected, family: family)
        let ours = RuleEvaluator(compilation.ruleset)
        let same = try RulesetComparison(ours, RuleEvaluator(measured), on: network(family)).run()
        #expect(same.difference == nil, "\(String(describing: same.difference))")

        let seed = fixture.testDescription.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
        var random = SeededGenerator(seed: seed)
        for alteration in Alteration.allCases {
            guard let altered = alteration.applied(to: measured, &random) else { continue }
            let result = try RulesetComparison(ours, RuleEvaluator(altered), on: network(family)).run()
            let difference = try #require(result.difference, "not found: \(alteration)")
            #expect(difference.left.outcomes != difference.right.outcomes)
        }
    }

    @Test("of the flat layout do the same with every packet as kube-proxy's", arguments: flatClusters)
    func flatLayout(fixture: Fixture) throws {
        let compilation = try fixture.explainingCompilation()
        let family = compilation.family
        let flat = try fixture.compilation(of: compilation.servicePorts.map(\.entry), layout: .flat)
        let measured = try Ruleset(saveText: fixture.expected, family: family)
        let result = try RulesetComparison(
            RuleEvaluator(measured), RuleEvaluator(flat.ruleset), on: network(family), tolerance: .rounding
        ).run()
        #expect(result.difference == nil, "\(String(describing: result.difference))")
    }

    @Test("are many") func count() {
        #expect(Self.clusters.count >= 50)
    }
}

/// A fault in rules that changes what becomes of packets.
private enum Alteration: CaseIterable {
    /// Packets lose the mark that lets them be masqueraded.
    case noMark
    /// An endpoint gets another share.
    case otherProbability
    /// An endpoint gets another port.
    case otherPort

    /// Rules with the fault; `nil` if no rule can have it.
    func applied(to ruleset: Ruleset, _ random: inout SeededGenerator) -> Ruleset? {
        var altered = ruleset
        guard let table = altered.tables.firstIndex(where: { $0.table == .nat }) else { return nil }
        var chains = altered.tables[table].chains
        let places = chains.indices.flatMap { chain in
            chains[chain].rules.indices.filter { alter(chains[chain].rules[$0]) != nil }.map { (chain, $0) }
        }
        // A mark is of use only where a packet can get an endpoint.
        guard !places.isEmpty, chains.contains(where: { $0.rules.contains(where: \.translatesDestination) }) else {
            return nil
        }
        let (chain, place) = random.pick(places)
        guard let rule = alter(chains[chain].rules[place]) else { return nil }
        chains[chain].rules[place] = rule
        altered.tables[table] = TableRules(table: .nat, jumps: altered.tables[table].jumps, chains: chains)
        return altered
    }

    private func alter(_ rule: Rule) -> Rule? {
        var altered = rule
        switch (self, rule.target) {
        case (.noMark, .mark(let xor, let clearing)) where clearing != 0 && xor == clearing:
            altered.target = nil
        case (.otherPort, .destinationNAT(let address, let port)):
            altered.target = .destinationNAT(address, port: port ^ 1)
        case (.otherProbability, _):
            for (place, match) in rule.matches.enumerated() {
                guard case .random(let probability) = match else { continue }
                altered.matches[place] = .random(Probability(fraction: probability.fraction - 1))
                return altered
            }
            return nil
        default: return nil
        }
        return altered
    }
}

extension Rule {
    fileprivate var translatesDestination: Bool { if case .destinationNAT = target { true } else { false } }
}
