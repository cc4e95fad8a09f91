// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Evaluates rules for a packet, hook by hook as netfilter does: which ways it can take, and how many packets take each.
///
/// A packet from the network passes raw, mangle and nat in PREROUTING; then it is routed, to mangle, filter, security and
/// nat in INPUT if it is for this host, else through FORWARD and POSTROUTING. A packet of this host passes OUTPUT and
/// POSTROUTING, and if it is for this host too, then PREROUTING and INPUT by the loopback interface. Rules in nat see only
/// packets that begin connections.
///
/// What rules ask is compared with the ``Packet`` and the ``NodeNetwork``. A random draw divides the packets by its exact
/// probability. A match that neither decides (what the kernel counts or limits, what is not understood) makes two ways, one
/// for each ``Assumption``; it is never guessed. Not modelled: routing by mark, bridges, IPsec, and the search for free ports.
public struct RuleEvaluator: Sendable {
    /// The family of the rules.
    public let family: IPFamily
    let tables: [Table: EvaluatedTable]

    /// At how many rules the way of one packet may fork.
    public static let branchLimit = 65_536

    /// Evaluates desired rules, as if a kernel held them and nothing else; built-in chains let pass what no rule ends.
    public init(_ ruleset: Ruleset) {
        family = ruleset.family
        tables = Dictionary(ruleset.tables.map { ($0.table, EvaluatedTable($0)) }, uniquingKeysWith: { $1 })
    }

    /// Evaluates the rules of a kernel, whoever wrote them.
    ///
    /// - Parameter tables: tables of `family`, each once; a table that is missing has no rules.
    public init(_ tables: [TableContent], family: IPFamily) {
        self.family = family
        self.tables = Dictionary(
            tables.filter { $0.family == family }.map { ($0.table, EvaluatedTable($0)) }, uniquingKeysWith: { $1 })
    }

    /// Follows a packet through all tables.
    ///
    /// - Parameters:
    ///   - recordsPath: whether the rules on the way are listed; shares and outcomes alone take less time.
    ///   - standsForClients: whether the packet stands for those of many clients, so that a hash of the client's address is like a
    ///     draw; otherwise the hash of its own address decides.
    /// - Throws: ``EvaluationError``.
    public func evaluate(
        _ packet: Packet, on network: NodeNetwork, recordsPath: Bool = true, standsForClients: Bool = false
    ) throws(EvaluationError) -> Evaluation {
        guard packet.source.family == family, packet.destination.family == family else { throw .otherFamily }
        let check = ConditionCheck(family: family, network: network, drawsClients: standsForClients, log: nil)
        return Evaluation(try branches(of: packet, check, recordsPath: recordsPath))
    }

    /// The addresses by which rules are found.
    var indexedAddresses: Set<IPAddress> {
        tables.values.reduce(into: []) { addresses, table in
            for index in table.indexes { addresses.formUnion(index.addresses) }
        }
    }

    /// The ports by which rules without an address are found.
    var indexedPorts: Set<UInt16> {
        tables.values.reduce(into: []) { ports, table in
            for index in table.indexes { ports.formUnion(index.ports) }
        }
    }

    func branches(
        of packet: Packet, _ check: ConditionCheck, recordsPath: Bool = false
    ) throws(EvaluationError) -> [EvaluatedBranch] {
        var way = PacketWay(tables, check, recordsPath: recordsPath)
        try way.follow(packet)
        return way.finished
    }
}
