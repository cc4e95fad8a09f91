// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Rules of a kernel that stay as they are although no readable object is behind them, to be written with those that were
/// compiled.
package struct KeptRules: Sendable {
    /// The rules in shared chains, in the kernel's order.
    private let shared: [HeldRule]
    private let chains: [Chain]
    private let layout: any RuleLayout.Type

    /// What stays alongside compiled service ports: rules for addresses and ports that none of them claims, with all chains
    /// that these lead to.
    package init(_ held: HeldRules, alongside compilation: Compilation) {
        var claimed: Set<FrontEnd> = []
        for servicePort in compilation.servicePorts { claimed.formUnion(FrontEnd.all(of: servicePort.servicePort)) }
        let compiledChains = Set(
            compilation.servicePorts.lazy.flatMap { servicePort in servicePort.chains.nat.lazy.map(\.name) })
        let shared = held.shared.filter { rule in
            !claimed.contains(rule.frontEnd) && !(rule.chain.map(compiledChains.contains) ?? false)
        }
        var owners: [ChainName: Origin] = [:]
        let reachable = HeldChains(held.chains)
        for rule in shared {
            guard let start = rule.chain, owners[start] == nil else { continue }
            let origin = rule.ruleWithOrigin.origin
            for chain in reachable.reachable(from: [start]) where owners[chain] == nil { owners[chain] = origin }
        }
        layout = type(of: compilation.layout)
        self.shared = shared.filter { $0.chain.map { owners[$0] != nil } ?? true }
        let allowed = type(of: compilation.layout).sharedTargets
        chains = owners.compactMap { name, origin -> Chain? in
            guard !compiledChains.contains(name) else { return nil }
            let rules = (held.chains[name] ?? []).filter { rule in
                // A jump to a chain that would not be there cannot be written.
                guard case .jump(let target)? = rule.target else { return true }
                return owners[target] != nil || allowed.contains(target)
            }
            return Chain(name: name, rules: rules.map { $0.made(for: origin) }, origin: origin)
        }
    }

    /// The number of chains that stay.
    package var chainCount: Int { chains.count }

    /// The number of rules that stay.
    package var ruleCount: Int { chains.reduce(shared.count) { $0 + $1.rules.count } }

    /// The Services whose rules stay, as far as the kernel's comments name them, ordered by name.
    package var services: [ServiceName] { Set(shared.compactMap { $0.servicePort?.serviceName }).sorted() }

    /// Whether nothing stays.
    package var isEmpty: Bool { shared.isEmpty }

    /// A ruleset with these rules in it.
    package func added(to ruleset: Ruleset) -> Ruleset {
        guard !isEmpty else { return ruleset }
        var ruleset = ruleset
        ruleset.tables = ruleset.tables.map(added)
        return ruleset
    }

    private func added(to table: TableRules) -> TableRules {
        let own = Dictionary(grouping: shared.filter { $0.table == table.table }) {
            layout.home(ofRulesIn: $0.sharedChain)
        }
        var all = table.chains
        for index in all.indices {
            guard let held = own[all[index].name] else { continue }
            all[index].rules = Self.merged(all[index].rules, held)
        }
        return TableRules(
            table: table.table, jumps: table.jumps, chains: all + (table.table == .nat ? chains : []))
    }

    /// The rules of a shared chain in the order of their Services, as a layout has them, so that few have to move; rules
    /// that belong to no Service stay last.
    private static func merged(_ compiled: [Rule], _ held: [HeldRule]) -> [Rule] {
        var rest = held[...]
        var rules: [Rule] = []
        rules.reserveCapacity(compiled.count + held.count)
        for rule in compiled {
            let name = rule.origin.servicePort.map { ServiceName(namespace: $0.namespace, name: $0.service) }
            while let next = rest.first, name.map({ next.isBefore($0) }) ?? true {
                rules.append(next.ruleWithOrigin)
                rest = rest.dropFirst()
            }
            rules.append(rule)
        }
        return rules + rest.map(\.ruleWithOrigin)
    }
}

extension HeldRule {
    /// Whether it stands before the rules of a Service; one whose Service is not known stands where it is.
    fileprivate func isBefore(_ service: ServiceName) -> Bool { servicePort.map { $0.serviceName < service } ?? true }
}

extension Rule {
    fileprivate func made(for origin: Origin) -> Rule {
        var rule = self
        rule.origin = origin
        return rule
    }
}
