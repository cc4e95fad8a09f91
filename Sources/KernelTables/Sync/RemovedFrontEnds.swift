// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// An address and a port, or a node port, at which rules in the kernel answer for a Service, and that would answer no more.
public struct RemovedFrontEnd: Hashable, Sendable {
    /// The address that clients connect to; `nil` for a node port, which answers at addresses of the node.
    public let address: IPAddress?
    /// The port, 1–65535.
    public let port: UInt16
    /// The transport protocol.
    public let transport: TransportProtocol
    /// The Service that the rule's comment names, as `namespace/name`: the kernel knows nothing else about it.
    public let service: String?
}

extension RemovedFrontEnd: CustomStringConvertible {
    /// The Service, or else `ADDRESS:PORT/PROTOCOL`.
    public var description: String {
        let place = address.map { "\(AddressPort($0, port))" } ?? "node port \(port)"
        return service ?? "\(place)/\(transport.rawValue)"
    }
}

extension Syncer {
    /// The front ends of Services that ``apply(without:expecting:_:)`` would remove from the tables as they are now.
    ///
    /// A rule that is removed counts if it leads from one address and port, or from a node port, to a Service and no desired
    /// rule does. Endpoints do not count: a Service has them in addition to an address of its own.
    ///
    /// - Throws: ``SyncError``.
    public func removedFrontEnds(_ ruleset: Ruleset) throws(SyncError) -> [RemovedFrontEnd] {
        var removed: [RemovedFrontEnd] = []
        try forEachDifference(from: ruleset, purpose: .synchronize) { desired, kernel, difference in
            difference.forEachRemovedRule(of: kernel) { rule in
                guard leadsToService(rule, desired.table), let frontEnd = RemovedFrontEnd(rule) else { return }
                removed.append(frontEnd)
            }
        }
        guard !removed.isEmpty else { return [] }
        let kept = Set(ruleset.frontEnds.map(\.place))
        var seen: Set<RemovedFrontEnd> = []
        return removed.filter { !kept.contains($0.place) && seen.insert($0).inserted }
    }
}

extension Syncer {
    /// Whether a rule sends packets to a Service or refuses them, unlike what else may have got into our chains.
    fileprivate func leadsToService(_ rule: Rule, _ table: Table) -> Bool {
        switch rule.target {
        case .jump(let chain): ownership.owner(of: chain, in: table) == .ours
        case .drop, .rejectPortUnreachable: true
        default: false
        }
    }
}

extension TableDifference {
    /// Calls `body` with each rule of our language that is deleted, rules that only move included.
    fileprivate func forEachRemovedRule(of kernel: any TableTransaction, _ body: (Rule) -> Void) {
        let decoder = EntryDecoder(family: kernel.family)
        func visit(_ entry: KernelEntry) {
            if case .known(let rule) = decoder.decode(entry) { body(rule) }
        }
        for edit in edits.flatMap(\.edits) {
            switch edit {
            case .delete(_, let entry), .replace(_, let entry, _): visit(entry)
            case .insert: break
            }
        }
        for chain in stale {
            chain.chain.withLabel { label in
                kernel.visitRules(of: label) { entry in
                    visit(entry)
                    return true
                }
            }
        }
    }
}

extension Ruleset {
    /// The front ends of all rules of chains that no single Service owns.
    fileprivate var frontEnds: [RemovedFrontEnd] {
        tables.flatMap(\.chains).filter { $0.origin.servicePort == nil }.flatMap(\.rules).compactMap(
            RemovedFrontEnd.init)
    }
}

extension RemovedFrontEnd {
    fileprivate var place: FrontEnd { FrontEnd(address, port, transport) }

    /// The front end that a rule is for; `nil` if it is for none, or for a range of addresses.
    fileprivate init?(_ rule: Rule) {
        guard let place = FrontEnd(rule), rule.destination == nil || place.address != nil else { return nil }
        let servicePort = rule.comment.flatMap { ServicePortOrigin(comment: $0, transport: place.transport) }
        self.init(
            address: place.address, port: place.port, transport: place.transport,
            service: servicePort.map { "\($0.namespace)/\($0.service)" })
    }
}
