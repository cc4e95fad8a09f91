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

/// The words that differences between the kernel and the desired rules are printed in.
enum PlanWording: Sendable {
    /// What `apply` would do: rules are added, removed and moved.
    case changes
    /// What `verify` has found: rules are missing, unexpected and out of order.
    case drift
}

/// Prints plans: a summary, a line for each service port that changes and, if wanted, its rules; then foreign rules.
struct PlanPrinter {
    let format: PlanFormat
    let content: PlanContent
    let wording: PlanWording
    private let colors: TerminalColors
    /// How many lines are printed; if there were more, only the summary is.
    private let lineLimit: Int

    init(
        format: PlanFormat, content: PlanContent, wording: PlanWording = .changes,
        colors: TerminalColors = .standardOutput, lineLimit: Int = Self.standardOutputLimit
    ) {
        self.format = format
        self.content = content
        self.wording = wording
        self.colors = colors
        self.lineLimit = lineLimit
    }

    /// On a terminal, what a person still reads through.
    static var standardOutputLimit: Int { isatty(STDOUT_FILENO) == 0 ? .max : terminalLineLimit }

    private static let terminalLineLimit = 200

    func print(_ plans: [JudgedPlan]) throws {
        try forEachPiece(of: plans) { try Console.write(Array($0.utf8)) }
    }

    /// Calls `body` with each piece of what is printed: a line, or all of the JSON.
    func forEachPiece(of plans: [JudgedPlan], _ body: (String) throws -> Void) throws {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let json = JSONEscapes.printable(Array(try encoder.encode(plans)))
            try body(String(decoding: json, as: UTF8.self) + "\n")
        case .text:
            for plan in plans { try forEachLine(of: plan) { try body($0 + "\n") } }
        }
    }

    /// Calls `body` with each line of the text of a plan, escaped and with colors.
    func forEachLine(of judged: JudgedPlan, _ body: (String) throws -> Void) rethrows {
        try body(colors.bold(summary(judged)))
        let groups = judged.groups.filter(content.includes)
        let lines = content.showsRules ? groups.reduce(0) { $0 + 1 + $1.ruleCount + $1.chains.count } : groups.count
        if groups.isEmpty, content.isSelection {
            try body("  \(MessageText.line(noChanges(judged)))")
        } else if lines > lineLimit {
            let verb = wording == .changes ? "change" : "differ"
            try body(
                "  \(groups.count) service ports \(verb), in \(lines) lines: too many for a terminal; select some with -n "
                    + "or --service, or send the output to a file")
        } else {
            for group in groups { try forEachLine(of: group, body) }
        }
        let foreign = wording == .changes ? judged.foreignLines : judged.allForeignLines
        if foreign.count > lineLimit {
            try body("  \(foreign.count) foreign rules: too many for a terminal; send the output to a file")
        } else {
            for line in foreign { try body(MessageText.line(line)) }
        }
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
        let text = wording == .changes ? "\(group)" : group.driftDescription
        return switch group.kind {
        case .added: colors.added(text)
        case .changed: colors.moved(text)
        case .removed: colors.removed(text)
        }
    }

    /// The service port or endpoint that a chain belongs to: in large clusters, no rule of the chain names it.
    private func purpose(_ origin: Origin) -> String { origin.servicePort == nil ? "" : "  \(origin)" }

    /// What becomes of a chain, or how it differs.
    private func suffix(_ kind: ChainPlan.Kind) -> String {
        switch (wording, kind) {
        case (_, .changed): ""
        case (.changes, .created): colors.added(" (new chain)")
        case (.changes, .deleted): colors.removed(" (chain removed)")
        case (.changes, .emptied): colors.removed(" (chain emptied, not removed: foreign rules jump to it)")
        case (.drift, .created): colors.added(" (missing chain)")
        case (.drift, .deleted), (.drift, .emptied): colors.removed(" (unexpected chain)")
        }
    }

    private func line(_ rule: RuleChange, of chain: ChainPlan) -> String {
        let note = chain.origin.servicePort == nil ? rule.serviceNote : nil
        let text = rule.text + (note.map { " (\($0))" } ?? "")
        return switch rule.kind {
        case .added: colors.added("\(mark(rule.kind)) \(text)")
        case .removed: colors.removed("\(mark(rule.kind)) \(text)")
        case .moved: colors.moved("\(mark(rule.kind)) \(text)")
        }
    }

    private func mark(_ kind: RuleChange.Kind) -> String {
        switch (wording, kind) {
        case (.drift, _): "\(kind.word):"
        case (.changes, .added): "+"
        case (.changes, .removed): "-"
        case (.changes, .moved): "~"
        }
    }

    // MARK: Summaries

    private func summary(_ judged: JudgedPlan) -> String {
        let family = judged.plan.family.kubernetesName
        let tables = judged.plan.tables.filter { !$0.chains.isEmpty }
        switch wording {
        case .changes:
            guard !tables.isEmpty else { return "\(family): in sync, no changes" }
            return "\(family): \(tables.map(Self.changes).joined(separator: "; "))"
        case .drift:
            let count = judged.foreign.takingRules.count
            let foreign =
                count == 0
                ? nil : "\(count) foreign rule\(count == 1 ? "" : "s") can take packets to Services before our jumps"
            guard !tables.isEmpty else { return "\(family): no drift" + (foreign.map { ", but \($0)" } ?? "") }
            let drift = tables.map { "\($0.table) \($0.chains.differenceCounts)" }
            return "\(family): drift: \((drift + [foreign].compactMap(\.self)).joined(separator: "; "))"
        }
    }

    private static func changes(_ table: TablePlan) -> String {
        "\(table.table) +\(table.count(.added)) -\(table.count(.removed)) ~\(table.count(.moved)) rules "
            + "(\(table.entriesBefore) → \(table.entriesAfter) entries)"
    }

    /// Why nothing of the selected Services is listed.
    private func noChanges(_ judged: JudgedPlan) -> String {
        content.missing(among: judged.services)
            ?? "no \(wording == .changes ? "changes" : "drift") of the selected Services"
    }
}
