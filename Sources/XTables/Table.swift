// SPDX-License-Identifier: Apache-2.0

/// The tables of iptables, in the order in which iptables-save prints those that kubetables writes to.
public enum Table: String, Sendable, Hashable, CaseIterable, Codable {
    /// Accepts, rejects and drops.
    case filter
    /// Rewrites addresses; sees the first packet of each connection only.
    case nat
    /// Alters packets and their marks, at every hook.
    case mangle
    /// Sees packets before connection tracking does.
    case raw
    /// Marks packets for SELinux and the like.
    case security

    /// The built-in chains of the table, in the kernel's order.
    public var builtInChains: [BuiltInChain] {
        switch self {
        case .filter, .security: [.input, .forward, .output]
        case .nat: [.prerouting, .input, .output, .postrouting]
        case .mangle: BuiltInChain.allCases
        case .raw: [.prerouting, .output]
        }
    }
}

/// The chains at which the kernel enters a table.
public enum BuiltInChain: String, Sendable, Hashable, CaseIterable {
    /// Packets that arrive, before routing.
    case prerouting = "PREROUTING"
    /// Packets for this host.
    case input = "INPUT"
    /// Packets for other hosts.
    case forward = "FORWARD"
    /// Packets this host makes.
    case output = "OUTPUT"
    /// Packets that leave, after routing.
    case postrouting = "POSTROUTING"

    /// The chain's name as rules use it.
    public var name: ChainName { ChainName(literal: rawValue) }
}
