import Foundation
import Glibc
import KernelTables
import NetworkTypes

/// Prints plans: per table and chain what would be added, removed and moved, and a summary.
struct PlanPrinter {
    let format: PlanFormat
    private let colors: TerminalColors

    /// Prints on standard output, in colours if that is a terminal, or for a page, without.
    init(format: PlanFormat, colors: TerminalColors = .standardOutput) {
        self.format = format
        self.colors = colors
    }

    func print(_ plans: [SyncPlan]) throws {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try Console.write(Array(try encoder.encode(plans)) + [UInt8(ascii: "\n")])
        case .text:
            for plan in plans { try forEachLine(of: plan, Console.printLine) }
        }
    }

    /// Calls `body` with each line of the text of a plan.
    func forEachLine(of plan: SyncPlan, _ body: (String) throws -> Void) rethrows {
        for table in plan.tables where !table.chains.isEmpty {
            try body(colors.bold("\(plan.family.kubernetesName) table \(table.table)"))
            for chain in table.chains {
                try body("  \(chain.chain)\(title(chain.kind))")
                for rule in chain.rules { try body("    \(line(rule))") }
            }
        }
        try body(summary(plan))
    }

    private func title(_ kind: ChainPlan.Kind) -> String {
        switch kind {
        case .created: colors.added(" (new chain)")
        case .changed: ""
        case .deleted: colors.removed(" (chain goes)")
        case .emptied: colors.removed(" (chain is emptied; rules of others jump to it)")
        }
    }

    private func line(_ rule: RuleChange) -> String {
        switch rule.kind {
        case .added: colors.added("+ \(rule.text)")
        case .removed: colors.removed("- \(rule.text)")
        case .moved: colors.moved("~ \(rule.text)")
        }
    }

    private func summary(_ plan: SyncPlan) -> String {
        let family = plan.family.kubernetesName
        guard !plan.isEmpty else { return "\(family): in step, no change" }
        let tables = plan.tables.filter { !$0.chains.isEmpty }.map { table in
            "\(table.table) +\(table.count(.added)) −\(table.count(.removed)) ~\(table.count(.moved)) rules "
                + "(\(table.entriesBefore) → \(table.entriesAfter) entries)"
        }
        return "\(family): \(tables.joined(separator: "; "))"
    }
}

/// Colours for a terminal; plain text for anything else, or if the user wants none (NO_COLOR).
struct TerminalColors {
    let isOn: Bool

    static var standardOutput: TerminalColors {
        let environment = ProcessInfo.processInfo.environment
        return TerminalColors(
            isOn: isatty(STDOUT_FILENO) != 0 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        )
    }

    /// Plain text.
    static let none = TerminalColors(isOn: false)

    func bold(_ text: String) -> String { paint(text, "1") }
    func added(_ text: String) -> String { paint(text, "32") }
    func removed(_ text: String) -> String { paint(text, "31") }
    func moved(_ text: String) -> String { paint(text, "33") }

    private func paint(_ text: String, _ code: String) -> String { isOn ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
}
