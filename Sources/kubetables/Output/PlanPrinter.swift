// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForeignRules
import Foundation
import Glibc
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

/// Prints plans: a summary, a line for each service port that changes and, if wanted, its rules.
struct PlanPrinter {
    let format: PlanFormat
    let content: PlanContent
    private let colors: TerminalColors
    /// How many lines are printed; if there were more, only the summary is.
    private let lineLimit: Int

    init(
        format: PlanFormat, content: PlanContent, colors: TerminalColors = .standardOutput, lineLimit: Int? = nil
    ) {
        self.format = format
        self.content = content
        self.colors = colors
        self.lineLimit = lineLimit ?? (isatty(STDOUT_FILENO) == 0 ? .max : Self.terminalLineLimit)
    }

    /// What a person still looks through.
    private static let terminalLineLimit = 200

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
        try body(colors.bold(summary(judged.plan)))
        let groups = judged.groups.filter(content.includes)
        let lines = content.showsRules ? groups.reduce(0) { $0 + 1 + $1.ruleCount + $1.chains.count } : groups.count
        if groups.isEmpty, content.isSelection {
            try body("  no changes of the selected Services")
        } else if lines > lineLimit {
            try body(
                "  \(groups.count) service ports change, in \(lines) lines: too many for a terminal; select some with -n or "
                    + "--service, or send the output to a file")
        } else {
            for group in groups { try forEachLine(of: group, body) }
        }
        for line in judged.foreignLines { try body(MessageText.line(line)) }
    }

    private func forEachLine(of group: PlanGroup, _ body: (String) throws -> Void) rethrows {
        try body("  \(headline(group))")
        guard content.showsRules else { return }
        for changed in group.chains {
            let chain = MessageText.line("    \(changed.table) \(changed.chain.chain)\(purpose(changed.chain.origin))")
            try body(chain + suffix(changed.chain.kind))
            for rule in changed.chain.rules { try body("      \(line(rule, of: changed.chain))") }
        }
    }

    private func headline(_ group: PlanGroup) -> String {
        switch group.kind {
        case .added: colors.added(MessageText.line("\(group)"))
        case .changed: colors.moved(MessageText.line("\(group)"))
        case .removed: colors.removed(MessageText.line("\(group)"))
        }
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
