// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A part of the rules that a kernel may lack and that most Services can do without.
public enum RuleFeature: Hashable, Sendable, CustomStringConvertible {
    /// Counting at an nfnetlink accounting object, which must exist (xt_nfacct). Without it nothing is counted at it.
    case accounting(name: String)
    /// Session affinity (xt_recent). Without it every connection is balanced anew.
    case sessionAffinity
    /// SCTP ports (xt_sctp). Without it the Service port is left out.
    case sctp
    /// Random balancing (xt_statistic). Without it the last endpoint gets every connection.
    case randomBalancing
    /// Balancing by turns (xt_statistic). Without it the last endpoint gets every connection.
    case roundRobinBalancing
    /// Connections of a pod to itself through its Service, told by one rule for all of them (xt_bpf). Without it they hang.
    case sameAddresses
    /// Session affinity and balancing by a hash of the client's address (xt_cluster, for IPv6 xt_bpf). Without it the last endpoint
    /// gets every connection.
    case clientHash(IPFamily)
    /// Retry of refused connections (xt_u32, xt_hashlimit). Without it they are refused.
    case connectionRetry
    /// Refusing connections (REJECT). Without it they hang until the client gives up.
    case rejection

    /// The feature, and the kernel's extension it needs.
    public var description: String {
        switch self {
        case .accounting(let name): "accounting object \(name) (nfacct)"
        case .sessionAffinity: "session affinity (xt_recent)"
        case .sctp: "SCTP ports (xt_sctp)"
        case .randomBalancing: "random balancing (xt_statistic)"
        case .roundRobinBalancing: "round-robin balancing (xt_statistic)"
        case .sameAddresses: "connections of pods to themselves (xt_bpf)"
        case .clientHash(let family): "choice by a hash of the client's address (xt_\(ClientShare.matchName(family)))"
        case .connectionRetry: "retry of refused connections (xt_u32, xt_hashlimit)"
        case .rejection: "refusing connections (REJECT)"
        }
    }

    /// What the lack means for the service ports concerned.
    public var consequence: String {
        switch self {
        case .accounting: "packets are not counted at this object"
        case .sessionAffinity: "served without affinity"
        case .sctp: "left out"
        case .randomBalancing, .roundRobinBalancing, .clientHash: "one endpoint gets every connection"
        case .sameAddresses: "a pod cannot reach itself through a Service; use the layout kube-proxy on this node"
        case .connectionRetry: "refused connections are not tried again"
        case .rejection: "connections hang instead of being refused"
        }
    }

    /// The feature that a match of a family needs, if it is one.
    init?(_ match: Match, _ family: IPFamily) {
        switch match {
        case .accounting(let name): self = .accounting(name: name)
        case .recent: self = .sessionAffinity
        case .transport(.sctp, _), .ports(.sctp, _): self = .sctp
        case .sameAddresses: self = .sameAddresses
        case .clients: self = .clientHash(family)
        case .random: self = .randomBalancing
        case .everyNth: self = .roundRobinBalancing
        case .refusal, .retryAllowance: self = .connectionRetry
        case .comment, .conntrack, .originalDestination, .localAddress, .mark, .transport, .ports: return nil
        }
    }
}

/// A feature that the kernel refused, and the service ports that lack it.
public struct UnsupportedFeature: Hashable, Sendable {
    /// The feature.
    public let feature: RuleFeature
    /// What the kernel answered when the feature was in the rules.
    public let failure: KernelFailure
    /// The service ports concerned (`namespace/name:port`), or what the rules are for, sorted.
    public let affected: [String]
}

extension Match {
    /// Whether it matches every packet, as it only counts or remembers.
    var matchesEverything: Bool {
        switch self {
        case .comment, .accounting: true
        case .recent(let recent): recent.action == .set
        case .conntrack, .localAddress, .mark, .transport, .ports, .random, .everyNth, .clients, .sameAddresses,
            .refusal,
            .originalDestination, .retryAllowance:
            false
        }
    }
}
