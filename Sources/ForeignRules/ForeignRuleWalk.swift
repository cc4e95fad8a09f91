// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import XTables

/// Follows packets from a built-in chain through the foreign rules ahead of our jumps, and through the chains they lead to.
struct ForeignRuleWalk {
    private let table: RulesAhead
    private let entrance: RulesAhead.Entrance
    private let compilation: Compilation
    private let traffic: ServiceTraffic
    /// The rules that can take packets to Services.
    private(set) var found: [ForeignRuleAhead] = []
    /// Packets that meet one of these conditions have left the table already.
    private var ended: [RuleConditions] = []
    private var visitCount = 0

    /// How many rules are looked at from one built-in chain: chains that lead to one another in many ways could be entered
    /// without end.
    private static let visitLimit = 50_000
    /// How many conditions of packets that have left are remembered; further ones only make the judgement more careful.
    private static let rememberedLimit = 256

    init(
        _ table: RulesAhead, _ entrance: RulesAhead.Entrance, _ compilation: Compilation, _ traffic: ServiceTraffic
    ) {
        self.table = table
        self.entrance = entrance
        self.compilation = compilation
        self.traffic = traffic
    }

    /// One chain on the way, as it was entered.
    private struct Level {
        let chain: ChainName
        /// What packets have met to get here.
        let conditions: RuleConditions
        let owner: ForeignOwner?
        /// Whether packets that come to the end of the chain leave the table.
        let isLast: Bool
        /// The chains on the way here.
        let path: [ChainName]
        /// Our jumps behind the rule of the built-in chain that led here.
        let behind: [ChainName]
        /// Packets that meet one of these conditions have left the chain already.
        var returned: [RuleConditions] = []
    }

    mutating func run() {
        for (index, step) in entrance.steps.enumerated() {
            guard case .foreign(let rule, let position) = step else { continue }
            let behind = entrance.steps[(index + 1)...].compactMap { step in
                if case .ours(let chain) = step { chain } else { nil }
            }
            var level = Level(
                chain: entrance.chain.name, conditions: RuleConditions(), owner: rule.owner, isLast: true, path: [],
                behind: behind)
            visit(rule, at: position, in: &level)
        }
    }

    private mutating func visit(_ rule: DecodedRule, at position: Int, in level: inout Level) {
        visitCount += 1
        guard visitCount <= Self.visitLimit else { return }
        let conditions = level.conditions.adding(rule)
        guard traffic.canMatch(conditions) else { return }
        switch RuleOutcome(rule) {
        case .goesOn:
            break
        case .next(let chain, let isGoto):
            enter(chain, by: rule, conditions, isGoto: isGoto, from: level)
            guard isGoto else { break }
            if level.isLast {
                judge(policy, rule, at: position, conditions, level)
                Self.remember(conditions, in: &ended)
            } else {
                Self.remember(conditions, in: &level.returned)
            }
        case .returns where level.isLast:
            judge(policy, rule, at: position, conditions, level)
            Self.remember(conditions, in: &ended)
        case .returns:
            Self.remember(conditions, in: &level.returned)
        case .ends(let end):
            judge(end, rule, at: position, conditions, level)
            Self.remember(conditions, in: &ended)
        }
    }

    private mutating func enter(
        _ chain: ChainName, by rule: DecodedRule, _ conditions: RuleConditions, isGoto: Bool, from level: Level
    ) {
        guard let rules = table.chains[chain], !level.path.contains(chain) else { return }
        var inner = Level(
            chain: chain, conditions: conditions, owner: ForeignOwner(of: chain, below: level.owner),
            isLast: isGoto && level.isLast, path: level.path + [chain], behind: level.behind, returned: level.returned)
        for (index, rule) in rules.enumerated() { visit(rule, at: index + 1, in: &inner) }
    }

    private static func remember(_ conditions: RuleConditions, in list: inout [RuleConditions]) {
        guard list.count < rememberedLimit, conditions.canBeCertain, !list.contains(conditions) else { return }
        list.append(conditions)
    }

    private var policy: PacketEnd { entrance.policy == .accept ? .accepted : .dropped }

    /// Reports the rule if it takes packets to a Service.
    private mutating func judge(
        _ end: PacketEnd, _ rule: DecodedRule, at position: Int, _ conditions: RuleConditions, _ level: Level
    ) {
        for loss in losses(end, level.behind) {
            if level.owner != nil, !loss.concernsServiceAddress { continue }
            let taken = traffic.taken(
                loss, conditions, isNamed: level.owner != nil, behind: level.behind, notBy: ended + level.returned)
            guard !taken.isEmpty else { continue }
            found.append(
                ForeignRuleAhead(
                    table: table.table, chain: level.chain.description, position: position,
                    builtInChains: [entrance.chain.rawValue], owner: level.owner?.rawValue,
                    rule: rule.text(chain: level.chain, family: table.family),
                    effect: loss.words(end, taken) + conditions.unknownNote))
            return
        }
    }

    /// What would have become of packets without the rule, if that is another thing.
    private func losses(_ end: PacketEnd, _ behind: [ChainName]) -> [PacketLoss] {
        let purposes = Set(behind.map { compilation.purpose(ofJumpTo: $0, in: table.table) })
        switch (table.table, entrance.chain) {
        case (.nat, .postrouting):
            return end == .sourceTranslated || !purposes.contains(.masquerading) ? [] : [.masquerading]
        case (.nat, _):
            return end == .sourceTranslated || !purposes.contains(.translation) ? [] : [.translation]
        case (.filter, .forward):
            if end.isLoss { return purposes.contains(.forwarding) ? [.forwarding] : [] }
            return purposes.contains(.filtering) ? [.refusal] : []
        case (.mangle, _), (.raw, _), (.security, _):
            return []
        case (.filter, _):
            if end.isLoss { return [.admission, .delivery] }
            return purposes.contains(.filtering) ? [.refusal] : []
        }
    }
}
