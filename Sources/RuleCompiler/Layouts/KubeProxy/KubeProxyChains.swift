// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The chains of kube-proxy's layout that all Services share (pkg/proxy/iptables/proxier.go).
///
/// Chains of single service ports are named in ``ServicePortChains``.
enum KubeProxyChains {
    /// Virtual addresses: cluster IPs, external IPs, load balancer IPs; then the jump to node ports.
    static let services: ChainName = "KUBE-SERVICES"
    /// Addresses from outside that lead nowhere: rejected or dropped.
    static let externalServices: ChainName = "KUBE-EXTERNAL-SERVICES"
    /// Node ports in nat, health check ports in filter.
    static let nodePorts: ChainName = "KUBE-NODEPORTS"
    /// Masquerades what is marked.
    static let postrouting: ChainName = "KUBE-POSTROUTING"
    /// Marks a packet to be masqueraded.
    static let markMasquerade: ChainName = "KUBE-MARK-MASQ"
    /// Lets traffic of Services through.
    static let forward: ChainName = "KUBE-FORWARD"
    /// Drops traffic to load balancer addresses that no source range lets in.
    static let proxyFirewall: ChainName = "KUBE-PROXY-FIREWALL"
    /// Drops packets to loopback addresses from elsewhere (CVE-2020-8558); the kubelet has the same chain.
    static let firewall: ChainName = "KUBE-FIREWALL"

    /// The chains a table always has, even if they are empty.
    static func all(in table: Table) -> [ChainName] {
        switch table {
        case .filter: [services, externalServices, forward, nodePorts, proxyFirewall, firewall]
        case .nat: [services, nodePorts, postrouting, markMasquerade]
        case .mangle, .raw, .security: []
        }
    }

    /// What a chain is for, whose rules are not those of service ports.
    static func purpose(of chain: ChainName) -> BasePurpose {
        switch chain {
        case postrouting: .masquerade
        case markMasquerade: .masqueradeMark
        case forward: .forwarding
        case firewall: .loopback
        default: .shared
        }
    }
}

/// The comments of kube-proxy's rules in built-in chains, by which its jumps are recognized (iptablesJumpChains).
enum KubeProxyJumpComment: String, CaseIterable {
    case services = "kubernetes service portals"
    case externalServices = "kubernetes externally-visible service portals"
    case nodePorts = "kubernetes health check service ports"
    case proxyFirewall = "kubernetes load balancer firewall"
    case forward = "kubernetes forwarding rules"
    case postrouting = "kubernetes postrouting rules"

    var match: Match { .comment(rawValue) }
}
