import KernelTables
import NetworkTypes
import XTables

/// The words for what a synchronization did.
struct SyncSummary {
    let report: SyncReport

    /// One line for each table that was committed, or one that nothing was.
    var lines: [String] {
        let family = report.family.kubernetesName
        guard report.hasChanges else { return ["\(family): in step already, nothing committed"] }
        return report.tables.filter(\.isCommitted).map { "\(family) \($0.table.rawValue): \(Self.words($0))" }
    }

    /// How long everything took; `compile` is what came before.
    func timing(compile: Duration) -> String {
        let phases = report.phases
        let parts = [
            ("compile", compile), ("encode", phases.encode), ("lock wait", phases.lockWait), ("read", phases.read),
            ("difference", phases.difference), ("edit", phases.edit), ("commit", phases.commit),
        ]
        let text = parts.map { "\($0.0) \(Self.milliseconds($0.1))" }.joined(separator: ", ")
        return "\(report.family.kubernetesName) took: \(text)"
    }

    /// What is not as it should be although the commit went well.
    var warnings: [String] {
        let family = report.family.kubernetesName
        let missing = report.unsupported.map { missing in
            "\(family): the kernel refused \(missing.feature); \(missing.affected.joined(separator: ", ")): "
                + "\(missing.feature.consequence)"
        }
        let kept = report.tables.flatMap { table in
            table.keptChains.map { kept in
                let origins = kept.referencedFrom.map(\.description).joined(separator: ", ")
                return "\(family) \(table.table.rawValue): chain \(kept.chain) stays, empty: "
                    + "rules of others in \(origins) jump to it"
            }
        }
        return missing + kept
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

    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .microseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
