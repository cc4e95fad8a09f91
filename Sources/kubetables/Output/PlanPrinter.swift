// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForeignRules
import Foundation
import KernelTables
import Messages
import NetworkTypes
import XTables

/// How a plan is printed.
enum PlanFormat: String, ExpressibleByArgument, CaseIterable {
    /// A difference per table and chain, for people.
    case text
    /// The plans of all families as a JSON array, for programs.
    case json
}

/// Prints plans: per table and chain the rules that would be added, removed and moved, and a summary.
struct PlanPrinter {
    let format: PlanFormat
    private let colors: TerminalColors

    init(format: PlanFormat, colors: TerminalColors = .standardOutput) {
        self.format = format
        self.colors = colors
    }

    func print(_ plans: [SyncPlan]) throws { try print(plans.map { JudgedPlan($0) }) }

    func print(_ plans: [JudgedPlan]) throws {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try Console.write(JSONEscapes.printable(Array(try encoder.encode(plans))) + [UInt8(ascii: "\n")])
        case .text:
            for plan in plans { try forEachLine(of: plan, Console.printStyledLine) }
        }
    }

    /// Calls `body` with each line of the text of a plan, escaped and with colors.
    func forEachLine(of judged: JudgedPlan, _ body: (String) throws -> Void) rethrows {
        let plan = judged.plan
        for table in plan.tables where !table.chains.isEmpty {
            try body(colors.bold("\(plan.family.kubernetesName) table \(table.table)"))
            for chain in table.chains {
                try body(MessageText.line("  \(chain.chain)\(purpose(chain.origin))") + suffix(chain.kind))
                for rule in chain.rules { try body("    \(line(rule, of: chain))") }
            }
        }
        for line in judged.foreignLines { try body(MessageText.line(line)) }
        try body(summary(plan))
    }

    /// The service port or endpoint that a chain belongs to: in large clusters, no rule of the chain names it.
    private func purpose(_ origin: Origin) -> String { origin.servicePort == nil ? "" : "  \(origin)" }

    private func suffix(_ kind: ChainPlan.Kind) -> String {
        switch kind {
        case .created: colors.added(" (new chain)")
        case .changed: ""
        case .deleted: colors.removed(" (chain removed)")
        case .emptied: colors.removed(" (chain emptied, not removed: foreign rules jump to it)")
        }
    }

    private func line(_ rule: RuleChange, of chain: ChainPlan) -> String {
        let note = chain.origin.servicePort == nil ? rule.serviceNote : nil
        let text = rule.text + (note.map { " (\($0))" } ?? "")
        return switch rule.kind {
        case .added: colors.added("+ \(text)")
        case .removed: colors.removed("- \(text)")
        case .moved: colors.moved("~ \(text)")
        }
    }

    private func summary(_ plan: SyncPlan) -> String {
        let family = plan.family.kubernetesName
        guard !plan.isEmpty else { return "\(family): in sync, no changes" }
        let tables = plan.tables.filter { !$0.chains.isEmpty }.map { table in
            "\(table.table) +\(table.count(.added)) -\(table.count(.removed)) ~\(table.count(.moved)) rules "
                + "(\(table.entriesBefore) → \(table.entriesAfter) entries)"
        }
        return "\(family): \(tables.joined(separator: "; "))"
    }
}
