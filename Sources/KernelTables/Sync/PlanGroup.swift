// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What a plan changes of one service port, or of the rules that belong to none.
package struct PlanGroup: Sendable {
    /// A chain and those of its changes that belong to the group.
    package struct ChangedChain: Sendable {
        package let table: Table
        package let chain: ChainPlan
    }

    /// What becomes of the service port.
    package enum Kind: Sendable {
        /// It has no rules in the kernel, and gets some.
        case added
        /// Some of its rules change.
        case changed
        /// It has rules in the kernel, and loses all.
        case removed
    }

    /// The service port; `nil` for the rules that all Services share.
    package let servicePort: ServicePortOrigin?
    package fileprivate(set) var kind = Kind.changed
    /// The endpoints that get rules, in the order of their addresses.
    package fileprivate(set) var addedEndpoints: [AddressPort] = []
    /// The endpoints that lose theirs, in the order of their addresses.
    package fileprivate(set) var removedEndpoints: [AddressPort] = []
    /// How many endpoints have rules once the plan is carried out.
    package fileprivate(set) var endpointCount = 0
    /// The changes, table by table in the order of the plan.
    package fileprivate(set) var chains: [ChangedChain] = []

    /// How many endpoints have rules now.
    package var formerEndpointCount: Int { endpointCount - addedEndpoints.count + removedEndpoints.count }

    /// How many rules change.
    package var ruleCount: Int { chains.reduce(0) { $0 + $1.chain.rules.count } }
}

extension PlanGroup: CustomStringConvertible {
    /// `~ default/web:http  endpoints 3 → 3: -10.244.2.60 +10.244.2.61`.
    package var description: String {
        "\(title)  \(endpointText ?? "\(ruleCount) rule\(ruleCount == 1 ? "" : "s")")"
    }

    /// The group as a difference that was found, with what a repair does to endpoints:
    /// `~ default/web:http  2 rules missing, endpoints 2 → 3: +10.244.2.61`.
    package var driftDescription: String {
        "\(title)  " + [chains.map(\.chain).differenceCounts, endpointText].compactMap(\.self).joined(separator: ", ")
    }

    /// `~ default/dns:dns/udp`.
    private var title: String {
        let sign =
            switch kind {
            case .added: "+"
            case .changed: "~"
            case .removed: "-"
            }
        guard let servicePort else { return "\(sign) rules that all Services share" }
        let transport = servicePort.transport == .tcp ? "" : "/\(servicePort.transport.rawValue)"
        return "\(sign) \(servicePort)\(transport)"
    }

    /// `endpoints 3 → 3: -10.244.2.60 +10.244.2.61`; `nil` if none come or go.
    private var endpointText: String? {
        guard servicePort != nil, !addedEndpoints.isEmpty || !removedEndpoints.isEmpty else { return nil }
        let endpoints = Self.list("-", removedEndpoints) + Self.list("+", addedEndpoints)
        return "endpoints \(formerEndpointCount) → \(endpointCount): \(endpoints.joined(separator: " "))"
    }

    /// The addresses, or how many they are if they would not fit in a line.
    private static func list(_ sign: String, _ endpoints: [AddressPort]) -> [String] {
        if endpoints.count > shownEndpoints { return ["\(sign)\(endpoints.count) endpoints"] }
        return endpoints.map { "\(sign)\($0.address)" }
    }

    private static let shownEndpoints = 4
}

extension SyncPlan {
    /// The changes by service port: first those that belong to none, then in the order of the service ports.
    ///
    /// - Parameter desired: the rules that the plan leads to.
    package func groups(desired: Ruleset) -> [PlanGroup] {
        var grouping = PlanGrouping(self)
        grouping.countEndpoints(of: desired)
        return grouping.groups
    }
}

/// Finds out which service port each change of a plan belongs to.
private struct PlanGrouping {
    /// The service ports of chains that are no longer desired: only the rules that led to them say whose they were.
    private var ownersOfStaleChains: [Table: [ChainName: ServicePortOrigin]] = [:]
    private var byServicePort: [ServicePortOrigin?: PlanGroup] = [:]
    private var desiredServicePorts: Set<ServicePortOrigin> = []

    init(_ plan: SyncPlan) {
        for table in plan.tables { findOwners(table) }
        for table in plan.tables {
            for chain in table.chains { add(chain, table.table) }
        }
        compareEndpoints()
    }

    /// The groups in order.
    var groups: [PlanGroup] {
        byServicePort.values.sorted { ServicePortOrigin.isOrdered($0.servicePort, $1.servicePort) }
    }

    /// Follows the jumps that are removed, from the chains whose owner is known to those that only they led to.
    private mutating func findOwners(_ table: TablePlan) {
        var owners: [ChainName: ServicePortOrigin] = [:]
        let stale = Dictionary(
            table.chains.filter { $0.origin == .unknown }.map { ($0.chain, $0) },
            uniquingKeysWith: { first, _ in first })
        var waiting: [(chain: ChainPlan, owner: ServicePortOrigin?)] = table.chains.filter { $0.origin != .unknown }.map
        {
            ($0, $0.origin.servicePort)
        }
        while let (chain, owner) = waiting.popLast() {
            for change in chain.rules where change.kind == .removed {
                guard case .jump(let next)? = change.rule?.target, owners[next] == nil, let nextChain = stale[next],
                    let nextOwner = owner ?? change.rule?.namedServicePort
                else { continue }
                owners[next] = nextOwner
                waiting.append((nextChain, nextOwner))
            }
        }
        ownersOfStaleChains[table.table] = owners
    }

    private mutating func add(_ chain: ChainPlan, _ table: Table) {
        let owner = chain.origin.servicePort ?? ownersOfStaleChains[table]?[chain.chain]
        var rules: [ServicePortOrigin?: [RuleChange]] = [:]
        for change in chain.rules {
            rules[owner ?? change.origin.servicePort ?? change.removedFor, default: []].append(change)
        }
        if rules.isEmpty { rules[owner] = [] }
        for (servicePort, changes) in rules {
            let limited = ChainPlan(chain: chain.chain, origin: chain.origin, kind: chain.kind, rules: changes)
            byServicePort[servicePort, default: PlanGroup(servicePort: servicePort)].chains.append(
                .init(table: table, chain: limited))
        }
    }

    private mutating func compareEndpoints() {
        for servicePort in byServicePort.keys {
            var added: Set<AddressPort> = []
            var removed: Set<AddressPort> = []
            for change in byServicePort[servicePort]?.chains.flatMap(\.chain.rules) ?? [] {
                guard let endpoint = change.rule?.endpoint else { continue }
                switch change.kind {
                case .added: added.insert(endpoint)
                case .removed: removed.insert(endpoint)
                case .moved: break
                }
            }
            byServicePort[servicePort]?.addedEndpoints = Self.sorted(added.subtracting(removed))
            byServicePort[servicePort]?.removedEndpoints = Self.sorted(removed.subtracting(added))
        }
    }

    private static func sorted(_ endpoints: Set<AddressPort>) -> [AddressPort] {
        endpoints.sorted { ($0.address, $0.port) < ($1.address, $1.port) }
    }

    /// Counts the endpoints that have rules in the end, and with that tells service ports that come and go from others.
    mutating func countEndpoints(of desired: Ruleset) {
        var endpoints: [ServicePortOrigin: Set<AddressPort>] = [:]
        var ruleCounts: [ServicePortOrigin: Int] = [:]
        for rule in desired.tables.lazy.flatMap(\.chains).flatMap(\.rules) {
            guard let servicePort = rule.origin.servicePort, byServicePort[servicePort] != nil else { continue }
            ruleCounts[servicePort, default: 0] += 1
            if let endpoint = rule.endpoint { endpoints[servicePort, default: []].insert(endpoint) }
        }
        for case let servicePort? in byServicePort.keys {
            guard var group = byServicePort[servicePort] else { continue }
            group.endpointCount = endpoints[servicePort]?.count ?? 0
            switch ruleCounts[servicePort] {
            case nil: group.kind = .removed
            case group.count(.added) where group.count(.removed) == 0: group.kind = .added
            default: break
            }
            byServicePort[servicePort] = group
        }
    }
}

extension ServicePortOrigin {
    /// The order of groups: first what belongs to no service port.
    static func isOrdered(_ left: ServicePortOrigin?, _ right: ServicePortOrigin?) -> Bool {
        guard let right else { return false }
        guard let left else { return true }
        return (left.namespace, left.service, left.port, left.transport.rawValue)
            < (right.namespace, right.service, right.port, right.transport.rawValue)
    }
}

extension PlanGroup {
    fileprivate func count(_ kind: RuleChange.Kind) -> Int {
        chains.reduce(0) { $0 + $1.chain.rules.count { $0.kind == kind } }
    }
}

extension RuleChange {
    /// The service port whose comment a rule has that is not desired.
    fileprivate var removedFor: ServicePortOrigin? { kind == .removed ? rule?.namedServicePort : nil }
}

extension Rule {
    /// The service port that the comment names; `nil` if it names none.
    fileprivate var namedServicePort: ServicePortOrigin? {
        comment.flatMap { ServicePortOrigin(comment: $0, transport: FrontEnd(self)?.transport ?? transport ?? .tcp) }
    }

    /// The endpoint that packets are sent to.
    fileprivate var endpoint: AddressPort? {
        if case .destinationNAT(let address, let port) = target { AddressPort(address, port) } else { nil }
    }
}
