// SPDX-License-Identifier: Apache-2.0

import ForeignRules
import KernelTables
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// A plan, and what is to be known about foreign rules ahead of ours.
struct JudgedPlan: Encodable {
    let plan: SyncPlan
    let foreign: ForeignRuleCheck.Findings
    /// The Services that rules are made for.
    let services: Set<ServiceName>
    private let desired: Ruleset

    /// A plan that leaves no rules.
    init(removingAll plan: SyncPlan) {
        self.plan = plan
        foreign = .init()
        services = []
        desired = Ruleset(family: plan.family, tables: [])
    }

    /// The plan of `apply` for the kernel as it is now.
    ///
    /// - Parameters:
    ///   - ruleset: the desired rules.
    ///   - compilation: those of them that follow from the input.
    init(
        _ ruleset: Ruleset, of compilation: Compilation, localAddresses: [IPAddress], _ backend: any RuleBackend
    ) throws(SyncError) {
        desired = ruleset
        services = Set(compilation.servicePorts.lazy.map(\.name.serviceName))
        plan = try backend.plan(ruleset)
        foreign = ForeignRuleCheck(compilation, localAddresses: localAddresses).findings(
            plan.tables.map(\.rulesAhead))
    }

    /// The changes by service port.
    var groups: [PlanGroup] { plan.groups(desired: desired) }

    private enum CodingKeys: CodingKey { case foreignRulesAhead, recognizedRulesAhead }

    /// Writes the plan with two more lists.
    func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(foreign.takingRules, forKey: .foreignRulesAhead)
        try container.encode(foreign.recognizedRules, forKey: .recognizedRulesAhead)
    }

    /// A line for each foreign rule that can take packets to Services, and for each well-known program with rules ahead.
    var foreignLines: [String] {
        foreign.takingRules.map { $0.line(plan.family) } + foreign.recognizedRules.map { $0.line(plan.family) }
    }

    /// A line for each foreign rule that can take packets to Services, and for all others in built-in chains.
    var allForeignLines: [String] {
        let others = foreign.precedingRules.filter { rule in
            !foreign.takingRules.contains { $0.table == rule.table && $0.chain == rule.chain && $0.rule == rule.rule }
        }
        return foreign.takingRules.map { $0.line(plan.family) } + others.map { $0.line(plan.family) }
    }
}
