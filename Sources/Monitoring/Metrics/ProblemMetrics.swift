// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import ForeignRules
import KubernetesObjects
import NetworkTypes
import PrometheusText
import Proxy
import RuleCompiler
import ServiceModel
import Synchronization
import XTables

/// How many problems there are of those that `/problems` lists one by one.
final class ProblemMetrics: Sendable {
    private let invalidObjects: GaugeFamily
    private let conflicts: GaugeFamily
    private let keptRules: GaugeFamily
    private let keptEndpoints: GaugeFamily
    private let foreignRules: GaugeFamily
    private let foreignRulesByFamily = Mutex<[IPFamily: [ForeignRuleAhead]]>([:])

    /// The label of files of which it is not known what they hold.
    private static let fileKind = "File"

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        invalidObjects = registry.gauges(
            "kubetables_invalid_objects",
            help: "Objects that cannot be used, and files that cannot be read; their last good state stays in force.",
            labels: "kind")
        conflicts = registry.gauges(
            "kubetables_conflicts", help: "Addresses, node ports and health check node ports that two Services claim.")
        keptRules = registry.gauges(
            "kubetables_kept_rules",
            help: "Rules of an earlier run that stay because some input could not be read since the start.",
            labels: "ip_family")
        keptEndpoints = registry.gauges(
            "kubetables_kept_endpoints",
            help: "Endpoints of an earlier run that stay because some input could not be read since the start.",
            labels: "ip_family")
        foreignRules = registry.gauges(
            "kubetables_foreign_rules_ahead",
            help:
                "Foreign rules that can take packets to Services before our jumps, by the built-in chain that leads to them.",
            labels: "table", "chain")
        setInvalidObjects([])
        setForeignRuleCounts([])
        conflicts[].set(0)
        for family in families { set(KeptRulesReport(family: family)) }
    }

    private struct InvalidObject: Hashable {
        let kind: String
        let file: String
        let name: ObjectName?
    }

    func setInvalidObjects(_ errors: [Diagnostic]) {
        let objects = Set(
            errors.map { InvalidObject(kind: $0.kind ?? Self.fileKind, file: $0.file, name: $0.name) })
        let counts = Dictionary(grouping: objects) { object in
            KubernetesObject.Kind(rawValue: object.kind)?.rawValue ?? Self.fileKind
        }
        for kind in KubernetesObject.Kind.allCases.map(\.rawValue) + [Self.fileKind] {
            invalidObjects[kind].set(counts[kind]?.count ?? 0)
        }
    }

    func set(_ report: KeptRulesReport) {
        keptRules[report.family.kubernetesName].set(report.rules)
        keptEndpoints[report.family.kubernetesName].set(report.endpoints)
    }

    func setForeignRules(_ rules: [ForeignRuleAhead], _ family: IPFamily) {
        foreignRulesByFamily.withLock { known in
            known[family] = rules
            setForeignRuleCounts(known.values.flatMap(\.self))
        }
    }

    /// A rule counts at each built-in chain that leads to it.
    private func setForeignRuleCounts(_ rules: [ForeignRuleAhead]) {
        for table in RuleLayoutKind.tables {
            for chain in table.builtInChains.map(\.rawValue) {
                foreignRules[table.rawValue, chain].set(
                    rules.count { $0.table == table && $0.builtInChains.contains(chain) })
            }
        }
    }

    func setConflicts(_ all: [ServiceConflict]) { conflicts[].set(Set(all.map(\.claim)).count) }
}
