// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

// The rules that do not depend on any Service: jumps from built-in chains and what is fixed in shared chains.
extension KubeProxyLayout {
    /// Our rules in the built-in chains, in the order they have on a clean node.
    ///
    /// kube-proxy inserts each at the top of its chain, so the last of its list comes first (proxier.go,
    /// iptablesJumpChains).
    package func jumps(in table: Table) -> [BuiltInChain: [Rule]] {
        let new = Match.conntrack(.new)
        func jump(_ matches: Match..., to chain: ChainName) -> Rule {
            Rule(matches: matches, target: .jump(chain), origin: .base(.jump))
        }
        switch table {
        case .filter:
            let portals = KubeProxyJumpComment.services.match
            let external = KubeProxyJumpComment.externalServices.match
            let loadBalancers = jump(
                new, KubeProxyJumpComment.proxyFirewall.match, to: KubeProxyChains.proxyFirewall)
            let jumps: [BuiltInChain: [Rule]] = [
                .input: [
                    jump(to: KubeProxyChains.firewall),
                    loadBalancers,
                    jump(KubeProxyJumpComment.nodePorts.match, to: KubeProxyChains.nodePorts),
                    jump(new, external, to: KubeProxyChains.externalServices),
                ],
                .forward: [
                    loadBalancers,
                    jump(KubeProxyJumpComment.forward.match, to: KubeProxyChains.forward),
                    jump(new, portals, to: KubeProxyChains.services),
                    jump(new, external, to: KubeProxyChains.externalServices),
                ],
                .output: [
                    jump(to: KubeProxyChains.firewall),
                    loadBalancers,
                    jump(new, portals, to: KubeProxyChains.services),
                ],
            ]
            return retries.jumps.merging(jumps) { $0 + $1 }
        case .nat:
            let portals = jump(KubeProxyJumpComment.services.match, to: KubeProxyChains.services)
            return [
                .prerouting: [portals],
                .output: [portals],
                .postrouting: [jump(KubeProxyJumpComment.postrouting.match, to: KubeProxyChains.postrouting)],
            ]
        case .mangle, .raw, .security:
            return [:]
        }
    }

    package static func purpose(ofJumpTo chain: ChainName, in table: Table) -> JumpPurpose {
        switch (table, chain) {
        case (.nat, KubeProxyChains.postrouting): .masquerading
        case (.nat, _): .translation
        case (.filter, KubeProxyChains.forward): .forwarding
        case (.filter, KubeProxyChains.firewall), (.filter, RetryRules.frontEnds): .protection
        case (.filter, _): .filtering
        case (.mangle, _), (.raw, _), (.security, _): .protection
        }
    }

    /// The rules at the end of a shared chain, behind those of the service ports.
    func fixedRules(of chain: ChainName, in table: Table) -> [Rule] {
        switch (table, chain) {
        case (.filter, KubeProxyChains.forward): forwardRules
        case (.filter, KubeProxyChains.firewall): settings.localhostNodePorts ? [martianRule] : []
        case (.nat, KubeProxyChains.postrouting): masqueradeRules
        case (.nat, KubeProxyChains.markMasquerade):
            [
                Rule(target: .mark(xor: settings.mark, clearing: settings.mark), origin: .base(.masqueradeMark))
            ]
        case (.nat, KubeProxyChains.services): nodePortJumps
        default: []
        }
    }

    private var forwardRules: [Rule] {
        let mark = settings.mark
        let accounting: [Match] = settings.usesAccounting ? [.accounting(name: "ct_state_invalid_dropped_pkts")] : []
        // A packet that conntrack cannot place would pass without its address being translated back (k8s#74839).
        let dropInvalid = Rule(
            matches: [.conntrack(.invalid)] + accounting, target: .drop, origin: .base(.invalidPackets))
        return (settings.conntrackIsLiberal ? [] : [dropInvalid]) + [
            Rule(
                matches: [.comment("kubernetes forwarding rules"), .mark(mark, mask: mark)], target: .accept,
                origin: .base(.forwarding)),
            Rule(
                matches: [
                    .comment("kubernetes forwarding conntrack rule"), .conntrack([.related, .established]),
                ],
                target: .accept, origin: .base(.forwarding)),
        ]
    }

    /// Keeps other hosts off the loopback addresses that route_localnet opens (CVE-2020-8558).
    private var martianRule: Rule {
        let loopback = CIDR(.loopback(.ipv4), prefixLength: 8)
        return Rule(
            source: AddressMatch(loopback, isInverted: true), destination: AddressMatch(loopback),
            matches: [
                .comment("block incoming localnet connections"),
                .conntrack([.related, .established, .destinationNAT], isInverted: true),
            ],
            target: .drop, origin: .base(.loopback))
    }

    private var masqueradeRules: [Rule] {
        let mark = settings.mark
        return [
            Rule(
                matches: [.mark(mark, mask: mark, isInverted: true)], target: .return, origin: .base(.masquerade)),
            // The mark is taken off, so that the packet is not masqueraded again on a second way through (k8s#92035).
            Rule(target: .mark(xor: mark, clearing: 0), origin: .base(.masquerade)),
            Rule(
                matches: [.comment("kubernetes service traffic requiring SNAT")],
                target: .masquerade(randomFully: true), origin: .base(.masquerade)),
        ]
    }

    /// The last rules of KUBE-SERVICES: what is for the node itself may be for a node port.
    private var nodePortJumps: [Rule] {
        let comment = Match.comment(
            "kubernetes service nodeports; NOTE: this must be the last rule in this chain")
        let target = Target.jump(KubeProxyChains.nodePorts)
        guard settings.nodePortsOnAllAddresses else {
            return settings.nodePortAddresses.map {
                Rule(destination: AddressMatch($0), matches: [comment], target: target, origin: .base(.nodePorts))
            }
        }
        // Node ports on ::1 never work, and on 127.0.0.0/8 only with route_localnet.
        let notLocalhost: AddressMatch? =
            switch settings.family {
            case .ipv4 where settings.localhostNodePorts: nil
            case .ipv4: AddressMatch(CIDR(.loopback(.ipv4), prefixLength: 8), isInverted: true)
            case .ipv6: AddressMatch(CIDR(host: .loopback(.ipv6)), isInverted: true)
            }
        return [
            Rule(
                destination: notLocalhost, matches: [comment, .localAddress(.destination)], target: target,
                origin: .base(.nodePorts))
        ]
    }
}
