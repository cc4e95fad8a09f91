// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import XTables

/// What a synchronization did, in words.
package struct SyncSummary: Sendable {
    private let report: SyncReport

    package init(_ report: SyncReport) { self.report = report }

    /// One line for each table that was committed, or one that nothing was.
    package var lines: [String] {
        let family = report.family.kubernetesName
        guard report.hasChanges else { return ["\(family): already in sync, nothing committed"] }
        return report.tables.filter(\.isCommitted).map { "\(family) \($0.table.rawValue): \(Self.words($0))" }
    }

    /// How long everything took, in milliseconds; `compile` is what came before.
    package func timing(compile: Duration) -> String {
        let phases = report.phases
        let parts = [
            ("compile", compile), ("encode", phases.encode), ("lock wait", phases.lockWait), ("read", phases.read),
            ("difference", phases.difference), ("edit", phases.edit), ("commit", phases.commit),
        ]
        return parts.map { "\($0.0) \(Self.milliseconds($0.1))" }.joined(separator: ", ")
    }

    /// What is not as it should be although the commit went well.
    package var warnings: [String] {
        let family = report.family.kubernetesName
        let missing = report.unsupported.map { missing in
            "\(family): the kernel refused \(missing.feature); \(missing.affected.joined(separator: ", ")): "
                + "\(missing.feature.consequence)"
        }
        let kept = report.tables.flatMap { table in
            table.keptChains.map { kept in
                let origins = kept.referencedFrom.map(\.description).joined(separator: ", ")
                return "\(family) \(table.table.rawValue): chain \(kept.chain) is kept, empty: "
                    + "foreign rules in \(origins) jump to it"
            }
        }
        let lost = report.tables.filter(\.hasLostCounters).map {
            "\(family) \($0.table.rawValue): another process changed the table without the lock during the commit; the rules "
                + "are in force, but their counters began again at 0"
        }
        return missing + kept + lost
    }

    private static func words(_ change: TableChange) -> String {
        let counts = [
            (change.chainsCreated, "chain", "created"), (change.chainsDeleted, "chain", "deleted"),
            (change.rulesAdded, "rule", "added"), (change.rulesRemoved, "rule", "removed"),
            (change.rulesMoved, "rule", "moved"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s") \($0.2)" }
        return "\(parts.joined(separator: ", ")) (\(change.entriesBefore) → \(change.entriesAfter) entries)"
    }

    /// What had drifted, one line for each table, with the rules that were repaired.
    package var driftLines: [String] {
        report.drift.map { drift in
            let differences = drift.chains.flatMap { chain in
                chain.rules.isEmpty ? chain.differences : chain.rules.prefix(Self.shownRules).map(\.description)
            }
            let chains = drift.chainCount == 1 ? "1 chain" : "\(drift.chainCount) chains"
            let shown = drift.chainCount > drift.chains.count ? ", among others" : ""
            return "\(report.family.kubernetesName) \(drift.table.rawValue): drift repaired in \(chains)\(shown): "
                + differences.prefix(Self.shownRules).joined(separator: "; ")
        }
    }

    private static let shownRules = 8

    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .microseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
