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
        let parts = report.phases.named(compile: compile)
        return parts.map { "\($0.name) \(Self.milliseconds($0.duration))" }.joined(separator: ", ")
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
        let parts = counts.filter { $0.0 > 0 }.map { "\(count($0.0, $0.1)) \($0.2)" }
        return "\(parts.joined(separator: ", ")) (\(change.entriesBefore) → \(change.entriesAfter) entries)"
    }

    /// What had drifted, one line for each table: service port by service port the first rules that were repaired, and the number
    /// of the others.
    package var driftLines: [String] {
        report.drift.map { "\(driftPlace($0)): \(Self.differences($0).joined(separator: "; "))" }
    }

    /// What had drifted in a table, with the Services instead of the rules:
    /// `IPv4 nat: drift repaired in 2 chains: 3 rules of default/web:http`.
    package func driftHeadline(_ drift: TableDrift) -> String {
        let names = drift.groups.compactMap(\.servicePort).map { "\($0)" }
        let more = names.count - Self.shownServicePorts
        let list = names.prefix(Self.shownServicePorts).joined(separator: ", ")
        let owners = names.isEmpty ? "" : " of \(list)" + (more > 0 ? " and \(more) more" : "")
        return "\(driftPlace(drift)): \(Self.count(drift.ruleCount, "rule"))\(owners)"
    }

    private static let shownServicePorts = 3

    private func driftPlace(_ drift: TableDrift) -> String {
        "\(report.family.kubernetesName) \(drift.table.rawValue): drift repaired in \(Self.count(drift.chainCount, "chain"))"
    }

    /// Rules, and chains that have none, up to a limit; then how many more there are.
    private static func differences(_ drift: TableDrift) -> [String] {
        var texts: [String] = []
        var rest = (rules: drift.ruleCount, chains: drift.emptyChainCount)
        for group in drift.groups {
            let name = group.servicePort.map { "\($0): " } ?? ""
            for (place, difference) in group.differences.prefix(shownDifferences - texts.count).enumerated() {
                texts.append(place == 0 ? name + difference.text : difference.text)
                if difference.isChain { rest.chains -= 1 } else { rest.rules -= 1 }
            }
        }
        let more = [(rest.rules, "more rule"), (rest.chains, "more chain")].filter { $0.0 > 0 }.map(count)
        return more.isEmpty ? texts : texts + ["and \(more.joined(separator: ", "))"]
    }

    private static let shownDifferences = 8

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .microseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

extension SyncPhases {
    /// The phases with their names, in the order of time; `compile` is what came before.
    func named(compile: Duration) -> [(name: String, duration: Duration)] {
        [
            ("compile", compile), ("encode", encode), ("lock wait", lockWait), ("read", read),
            ("difference", difference),
            ("edit", edit), ("commit", commit),
        ]
    }
}
