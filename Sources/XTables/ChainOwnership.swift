import XTables

/// Whose chains are whose: the one place that says which chains of a table kubetables may change or remove.
///
/// A layout of rules that brings other chains passes another ownership. Chains that the desired rules name are ours
/// whatever is said here; this decides about chains that are in the kernel and not desired, and about shared ones.
public struct ChainOwnership: Sendable {
    /// What we may do with a chain.
    public enum Owner: Hashable, Sendable {
        /// Ours alone: its content is what we say, and it goes when it is not desired.
        case ours
        /// Shared with another program: our rules are ensured, others are left alone, and it is never removed.
        case shared
        /// Left by a former kube-proxy: removed by cleanup, otherwise left alone.
        case leftover
        /// Not ours.
        case foreign
    }

    /// What we own in one table.
    public struct TableEntry: Sendable {
        /// Names of our chains.
        public var names: Set<ChainName>
        /// Beginnings of names of our chains.
        public var prefixes: [String]
        /// Names of chains we share.
        public var shared: Set<ChainName>
        /// Names of chains that only cleanup removes.
        public var leftovers: Set<ChainName>

        /// Makes the entry of a table.
        public init(
            names: Set<ChainName> = [], prefixes: [String] = [], shared: Set<ChainName> = [],
            leftovers: Set<ChainName> = []
        ) {
            self.names = names
            self.prefixes = prefixes
            self.shared = shared
            self.leftovers = leftovers
        }
    }

    /// What we own, by table.
    public var tables: [Table: TableEntry]
    /// Comments of our rules in built-in chains: a jump to a chain of ours with one of these is ours, desired or not.
    public var jumpComments: Set<String>

    /// Makes an ownership.
    public init(tables: [Table: TableEntry], jumpComments: Set<String>) {
        self.tables = tables
        self.jumpComments = jumpComments
    }

    /// Who owns a chain that is not built in.
    public func owner(of chain: ChainName, in table: Table) -> Owner {
        guard let entry = tables[table] else { return .foreign }
        if entry.names.contains(chain) { return .ours }
        if entry.shared.contains(chain) { return .shared }
        if entry.leftovers.contains(chain) { return .leftover }
        let isOurs = chain.withBytes { bytes in entry.prefixes.contains { bytes.starts(with: $0.utf8) } }
        return isOurs ? .ours : .foreign
    }

    /// The chains of kube-proxy's iptables mode (pkg/proxy/iptables/proxier.go, cleanup.go; 1.36).
    ///
    /// KUBE-FIREWALL is shared with the kubelet. KUBE-XLB-*, KUBE-MARK-DROP, KUBE-KUBELET-CANARY and KUBE-IPTABLES-HINT
    /// are others' or of releases long gone.
    public static let kubeProxy = ChainOwnership(
        tables: [
            .nat: TableEntry(
                names: ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"],
                prefixes: ["KUBE-SVC-", "KUBE-SVL-", "KUBE-FW-", "KUBE-EXT-", "KUBE-SEP-"],
                leftovers: ["KUBE-PROXY-CANARY"]),
            .filter: TableEntry(
                names: [
                    "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS",
                    "KUBE-PROXY-FIREWALL",
                ],
                shared: ["KUBE-FIREWALL"], leftovers: ["KUBE-PROXY-CANARY"]),
        ],
        jumpComments: [
            "kubernetes externally-visible service portals", "kubernetes health check service ports",
            "kubernetes service portals", "kubernetes forwarding rules", "kubernetes load balancer firewall",
            "kubernetes postrouting rules",
        ])
}
