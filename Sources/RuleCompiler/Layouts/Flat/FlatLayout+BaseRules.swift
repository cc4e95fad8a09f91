// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

// The rules that belong to no single Service.
extension FlatLayout {
    package func jumps(in table: Table) -> [BuiltInChain: [Rule]] { base.jumps(in: table) }

    package static func purpose(ofJumpTo chain: ChainName, in table: Table) -> JumpPurpose {
        KubeProxyLayout.purpose(ofJumpTo: chain, in: table)
    }

    /// The rules ahead of those for front ends.
    ///
    /// They are the same for every cluster: rules of an earlier run that are kept may have any cluster IP.
    func firstRules(of chain: ChainName, in table: Table) -> [Rule] {
        switch (table, chain) {
        case (.nat, KubeProxyChains.services):
            clusterIPJumps
        case (.nat, FlatChains.masqueradedClusterIPs) where settings.masqueradesClusterIPs:
            [
                Rule(target: .jump(KubeProxyChains.markMasquerade), origin: .base(.masqueradeMark)),
                Rule(target: .jump(FlatChains.clusterIPs), origin: .base(.dispatch)),
                // No Service has the address: what comes back is not to be masqueraded.
                Rule(target: .mark(xor: 0, clearing: settings.mark), origin: .base(.masqueradeMark)),
            ]
        default: []
        }
    }

    /// The rules behind those for front ends.
    func lastRules(of chain: ChainName, in table: Table) -> [Rule] {
        let rules = base.fixedRules(of: chain, in: table)
        guard settings.comparesAddresses else { return rules }
        switch (table, chain) {
        case (.filter, KubeProxyChains.forward):
            // Where kube-proxy's rules let them pass for their mark.
            return rules + [
                Rule(
                    matches: [
                        .comment("kubernetes forwarding of pods to themselves"), .conntrack(.destinationNAT),
                        .sameAddresses,
                    ], target: .accept, origin: .base(.forwarding))
            ]
        case (.nat, KubeProxyChains.postrouting):
            // Marked packets go on, since their mark is taken off behind.
            return [
                Rule(
                    matches: [
                        .comment("kubernetes pods that reach themselves by a Service"),
                        .mark(settings.mark, mask: settings.mark, isInverted: true), .conntrack(.destinationNAT),
                        .sameAddresses,
                    ], target: .masquerade(randomFully: true), origin: .base(.masquerade))
            ] + rules
        default: return rules
        }
    }

    /// The rules that lead to the cluster IPs.
    private var clusterIPJumps: [Rule] {
        let all = Rule(
            matches: [.comment("kubernetes cluster IPs")], target: .jump(FlatChains.clusterIPs),
            origin: .base(.dispatch))
        guard settings.masqueradesClusterIPs else { return [all] }
        // Packets that have the mark already keep it, whether there is such a Service or not.
        let masqueraded = Rule(
            matches: [
                .comment("kubernetes cluster IP traffic to be masqueraded"),
                .mark(settings.mark, mask: settings.mark, isInverted: true),
            ], target: .jump(FlatChains.masqueradedClusterIPs), origin: .base(.masqueradeMark))
        return [settings.clusterIPMasqueradeCondition(masqueraded), all]
    }
}
