// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import XTables

/// Makes places and ways of the desired rules of Services.
struct GraphBuilder {
    private struct Place: Hashable {
        let from: String
        let to: String
    }

    private let state: InspectedState
    private(set) var nodes: [GraphNode] = []
    private(set) var edges: [GraphEdge] = []
    private var nodePlaces: [String: Int] = [:]
    private var edgePlaces: [Place: Int] = [:]

    init(_ state: InspectedState) { self.state = state }

    /// Adds the rules of Services in one family.
    mutating func add(_ services: [ServiceName], _ compilation: Compilation) {
        let servicePorts = compilation.servicePorts.filter { services.contains($0.name.serviceName) }
        guard !servicePorts.isEmpty else { return }
        let frame = RuleFrame(compilation.ruleset(withChainsOf: servicePorts))
        for compiled in servicePorts { add(compiled, frame) }
        for table in frame.ruleset.tables { add(table, frame) }
    }

    // MARK: Rules of a service port

    private mutating func add(_ compiled: CompiledServicePort, _ frame: RuleFrame) {
        let items = Dictionary(
            zip(compiled.selection.endpoints.map(\.addressPort), state.endpointItems(compiled, frame.family)),
            uniquingKeysWith: { first, _ in first })
        let counts = state.loop?.families[frame.family]?.traffic?.counts(of: compiled.name)
        var left: [String: Share] = [:]
        for own in compiled.ownRules {
            let from = chain(own.chain, own.table, frame)
            let words = RuleWords(own.rule, frame.family)
            if words.isTurn { note("endpoints take turns", at: from) }
            switch own.rule.target {
            case .jump(let target) where frame.marking.contains(target):
                let what = words.conditions.isEmpty ? "all packets" : "packets " + words.text
                note("masquerades \(what)", at: from)
            case .jump(let target):
                connect(from, chain(target, own.table, frame), words, &left[from, default: .all])
            case .destinationNAT(let address, let port):
                let endpoint = AddressPort(address, port)
                connect(from, self.endpoint(endpoint, items[endpoint], frame.family), words, &left[from, default: .all])
            case .drop, .rejectPortUnreachable:
                let verdict = own.rule.target == .drop ? "dropped" : "rejected: icmp-port-unreachable"
                connect(from, refusal(verdict, own.table, counts, frame.family), words, &left[from, default: .all])
            case nil, .accept, .return, .mark, .masquerade: break
            }
        }
    }

    /// Connects two places; what a rule without other conditions draws is not left for the next ones.
    private mutating func connect(_ from: String, _ to: String, _ words: RuleWords, _ left: inout Share) {
        var share: Share?
        if words.conditions.isEmpty {
            share = words.probability.map { left * Share($0) } ?? left
            left = share.map { left - $0 } ?? left
        }
        connect(from, to, words.conditions.isEmpty ? nil : words.text, share)
    }

    // MARK: Rules that all Services share

    private mutating func add(_ table: TableRules, _ frame: RuleFrame) {
        for chain in table.chains {
            guard chain.origin.basePurpose != nil else { continue }
            for rule in chain.rules { add(rule, from: chain.name, isHook: false, table.table, frame) }
        }
        for builtIn in table.table.builtInChains {
            for rule in table.jumps[builtIn] ?? [] { add(rule, from: builtIn.name, isHook: true, table.table, frame) }
        }
    }

    /// Adds a rule that leads to a chain which is there already.
    private mutating func add(_ rule: Rule, from: ChainName, isHook: Bool, _ table: Table, _ frame: RuleFrame) {
        guard rule.origin.basePurpose != nil, case .jump(let target) = rule.target, !frame.marking.contains(target),
            nodePlaces[Self.identifier(target, table, frame.family)] != nil
        else { return }
        let words = RuleWords(rule, frame.family)
        let start = isHook ? hook(from, table, frame) : chain(from, table, frame)
        connect(start, chain(target, table, frame), words.conditions.isEmpty ? nil : words.text, nil)
    }

    // MARK: Places

    private static func identifier(_ chain: ChainName, _ table: Table, _ family: IPFamily) -> String {
        "\(family.kubernetesName)/\(table.rawValue)/\(chain)"
    }

    private mutating func chain(_ name: ChainName, _ table: Table, _ frame: RuleFrame) -> String {
        node(
            GraphNode(
                id: Self.identifier(name, table, frame.family), kind: .chain, ipFamily: frame.family.kubernetesName,
                table: table.rawValue, title: "\(name)", details: []))
    }

    private mutating func hook(_ name: ChainName, _ table: Table, _ frame: RuleFrame) -> String {
        node(
            GraphNode(
                id: Self.identifier(name, table, frame.family), kind: .hook, ipFamily: frame.family.kubernetesName,
                table: table.rawValue, title: "\(name)",
                details: ["\(frame.family.kubernetesName), table \(table.rawValue)"]))
    }

    private mutating func endpoint(_ endpoint: AddressPort, _ item: EndpointItem?, _ family: IPFamily) -> String {
        var details = [item?.pod.map { "pod \($0)" }, item?.node.map { "on \($0)" }].compactMap(\.self)
        if let connections = item?.connections { details.append("\(connections) connections") }
        return node(
            GraphNode(
                id: "\(family.kubernetesName)/\(endpoint)", kind: .endpoint, ipFamily: family.kubernetesName,
                table: nil, title: "\(endpoint)", details: details))
    }

    private mutating func refusal(
        _ verdict: String, _ table: Table, _ counts: TrafficCounts?, _ family: IPFamily
    ) -> String {
        let details = counts.map { ["\($0.refusedPackets) packets refused"] } ?? []
        return node(
            GraphNode(
                id: "\(family.kubernetesName)/\(table.rawValue)/\(verdict)", kind: .refusal,
                ipFamily: family.kubernetesName, table: table.rawValue, title: verdict, details: details))
    }

    private mutating func node(_ node: GraphNode) -> String {
        if nodePlaces[node.id] == nil {
            nodePlaces[node.id] = nodes.count
            nodes.append(node)
        }
        return node.id
    }

    private mutating func note(_ text: String, at id: String) {
        guard let place = nodePlaces[id], !nodes[place].details.contains(text) else { return }
        nodes[place].details.append(text)
    }

    private mutating func connect(_ from: String, _ to: String, _ condition: String?, _ share: Share?) {
        let place = Place(from: from, to: to)
        guard let known = edgePlaces[place] else {
            edgePlaces[place] = edges.count
            edges.append(
                GraphEdge(
                    from: from, to: to, conditions: condition.map { [$0] } ?? [], fraction: share?.fraction,
                    share: share?.approximation))
            return
        }
        if let condition, !edges[known].conditions.contains(condition) { edges[known].conditions.append(condition) }
        if let share {
            edges[known].fraction = share.fraction
            edges[known].share = share.approximation
        }
    }
}

/// The rules that service ports share in a family, and the chains that do nothing but mark packets for masquerading.
private struct RuleFrame {
    let ruleset: Ruleset
    let marking: Set<ChainName>

    init(_ ruleset: Ruleset) {
        self.ruleset = ruleset
        marking = Set(
            ruleset.tables.flatMap { $0.chains.lazy.filter { $0.origin == .base(.masqueradeMark) }.map(\.name) })
    }

    var family: IPFamily { ruleset.family }
}
