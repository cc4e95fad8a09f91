// SPDX-License-Identifier: Apache-2.0

/// Which chains of a table kubetables may change or remove.
///
/// Each layout of rules states its own (`RuleLayout.ownership`). Chains of the desired rules are ours in any case; this
/// decides about chains that are in the kernel and not desired, and about shared ones.
public struct ChainOwnership: Sendable {
    /// What we may do with a chain.
    public enum Owner: Hashable, Sendable {
        /// Ours alone: it holds the desired rules and nothing else, and is removed when it is not desired.
        case ours
        /// Shared with another program: our rules are ensured, foreign ones are left alone, and it is never removed.
        case shared
        /// Left by a former kube-proxy: removed by cleanup, otherwise left alone.
        case leftover
        /// Not ours.
        case foreign
    }

    /// Chains that hold a part of what another chain is for, so that rules that move between them stay the same for people.
    public struct Subchains: Hashable, Sendable {
        /// How the names of the chains begin.
        public let prefix: String
        /// The chain that they are a part of.
        public let whole: ChainName

        /// Makes chains whose names begin with `prefix` a part of a chain.
        public init(prefix: String, whole: ChainName) {
            self.prefix = prefix
            self.whole = whole
        }
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
        /// Which chains are parts of others, by their names.
        public var subchains: [Subchains] = []

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

    /// What we own, by table; no other table is read or written.
    public var entries: [Table: TableEntry]
    /// Comments of our rules in built-in chains: a jump to a chain of ours with one of these is ours, desired or not.
    public var jumpComments: Set<String>

    /// Makes an ownership.
    public init(_ entries: [Table: TableEntry], jumpComments: Set<String>) {
        self.entries = entries
        self.jumpComments = jumpComments
    }

    /// The tables in which anything may be ours, in the order in which iptables-save prints them.
    public var tables: [Table] { Table.allCases.filter { entries[$0] != nil } }

    /// Who owns a chain that is not built in.
    public func owner(of chain: ChainName, in table: Table) -> Owner {
        guard let entry = entries[table] else { return .foreign }
        if entry.names.contains(chain) { return .ours }
        if entry.shared.contains(chain) { return .shared }
        if entry.leftovers.contains(chain) { return .leftover }
        let isOurs = chain.withBytes { bytes in entry.prefixes.contains { bytes.starts(with: $0.utf8) } }
        return isOurs ? .ours : .foreign
    }

    /// The chain that a chain is a part of; itself, if it is none.
    public func whole(of chain: ChainName, in table: Table) -> ChainName {
        guard let parts = entries[table]?.subchains, !parts.isEmpty else { return chain }
        return chain.withBytes { bytes in parts.first { bytes.starts(with: $0.prefix.utf8) }?.whole } ?? chain
    }

    /// What either of two ownerships says: for what several layouts have written.
    public func union(_ other: ChainOwnership) -> ChainOwnership {
        ChainOwnership(
            entries.merging(other.entries) { $0.union($1) },
            jumpComments: jumpComments.union(other.jumpComments))
    }
}

extension ChainOwnership.TableEntry {
    fileprivate func union(_ other: ChainOwnership.TableEntry) -> ChainOwnership.TableEntry {
        var union = ChainOwnership.TableEntry(
            names: names.union(other.names),
            prefixes: prefixes + other.prefixes.filter { !prefixes.contains($0) },
            shared: shared.union(other.shared), leftovers: leftovers.union(other.leftovers))
        union.subchains = subchains + other.subchains.filter { !subchains.contains($0) }
        return union
    }
}
