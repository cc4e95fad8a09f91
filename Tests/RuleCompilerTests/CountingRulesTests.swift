// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RandomClusters
import RuleCompiler
import ServiceModel
import Testing
import XTables

@Suite("Rules that count for a service port") struct CountingRulesTests {
    @Test(
        "are in the rules that are made, and count for one service port only", arguments: IPFamily.allCases,
        RuleLayoutKind.allCases)
    func rules(family: IPFamily, layout: RuleLayoutKind) {
        var snapshots = RandomSnapshot(seed: 5)
        var endpointCount = 0
        var localhostCount = 0
        var reasons: Set<RefusalReason> = []
        for _ in 0..<20 {
            let settings = snapshots.settings(layout)
            let compilation = Compilation(snapshots.snapshot(family, count: 30), settings: settings)
            let ruleset = compilation.ruleset
            let made = [Table.nat, .filter].map { table in
                Set(
                    ruleset[table].chains.flatMap { chain in
                        // Jumps that belong to no service port count nothing for anybody.
                        chain.rules.filter { $0.origin.servicePort != nil || !$0.isJump }.compactMap {
                            CounterKey($0, in: RuleLayoutKind.ownership.whole(of: chain.name, in: table))
                        }
                    })
            }
            var known: Set<CounterKey> = []
            for servicePort in compilation.servicePorts {
                let rules = servicePort.endpointRules
                #expect(rules.count == servicePort.selection.reachableEndpoints.count)
                #expect(
                    Set(rules.map { "\($0.address.map { "\($0)" } ?? "") \($0.port)" })
                        == Set(servicePort.selection.reachableEndpoints.map { "\($0.address) \($0.port)" }))
                #expect(made[0].isSuperset(of: rules))
                #expect(made[1].isSuperset(of: servicePort.refusingRules.map(\.key)))
                #expect(known.isDisjoint(with: rules))
                known.formUnion(rules)
                endpointCount += rules.count
                reasons.formUnion(servicePort.refusingRules.map(\.reason))
            }
            #expect(known.union(compilation.localhostNodePortRules) == made[0])
            localhostCount += compilation.localhostNodePortRules.count
            let invalid = compilation.invalidPacketRules
            #expect(made[1].isSuperset(of: invalid) && invalid.count == (settings.conntrackIsLiberal ? 0 : 1))
        }
        #expect(endpointCount > 100)
        #expect((localhostCount > 0) == (family == .ipv4))
        #expect(reasons == Set(RefusalReason.allCases))
    }
}

extension Rule {
    fileprivate var isJump: Bool { if case .jump = target { true } else { false } }
}
