// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import KernelTables
import NetworkTypes
import PrometheusText
import RuleCompiler
import XTables

/// The size of the tables, the rules that were changed, and the drift that was repaired.
struct TableMetrics: Sendable {
    private let lastRules: GaugeFamily
    private let totalRules: GaugeFamily
    private let entries: GaugeFamily
    private let changes: CounterFamily
    private let driftRepairs: CounterFamily
    private let driftedChains: CounterFamily
    private let unsupported: GaugeFamily

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        lastRules = registry.gauges(
            "kubeproxy_sync_proxy_rules_iptables_last", help: "Rules written by the last sync.",
            labels: "table", "ip_family")
        totalRules = registry.gauges(
            "kubeproxy_sync_proxy_rules_iptables_total", help: "Rules in the chains of kubetables.",
            labels: "table", "ip_family")
        entries = registry.gauges(
            "kubetables_table_entries",
            help: "Entries of a table, foreign rules included: one per rule, two per chain, one per built-in chain.",
            labels: "table", "ip_family")
        changes = registry.counters(
            "kubetables_rule_changes_total", help: "Rules added, removed and moved.",
            labels: "table", "ip_family", "change")
        driftRepairs = registry.counters(
            "kubetables_drift_repairs_total", help: "Syncs that repaired rules changed by another process.",
            labels: "table", "ip_family")
        driftedChains = registry.counters(
            "kubetables_drifted_chains_total", help: "Chains repaired after a change by another process.",
            labels: "table", "ip_family")
        unsupported = registry.gauges(
            "kubetables_unsupported_features", help: "Features of rules that the kernel refused in the last sync.",
            labels: "ip_family")
        for family in families.map(\.kubernetesName) {
            for table in RuleLayoutKind.tables.map(\.rawValue) {
                _ = driftRepairs[table, family]
                _ = driftedChains[table, family]
            }
        }
    }

    func count(_ report: SyncReport) {
        let family = report.family.kubernetesName
        for change in report.tables {
            let table = change.table.rawValue
            let isCommitted = change.isCommitted
            entries[table, family].set(isCommitted ? change.entriesAfter : change.entriesBefore)
            totalRules[table, family].set(change.ruleCount)
            lastRules[table, family].set(isCommitted ? change.rulesAdded + change.rulesMoved : 0)
            guard isCommitted else { continue }
            changes[table, family, "added"].increment(by: change.rulesAdded)
            changes[table, family, "removed"].increment(by: change.rulesRemoved)
            changes[table, family, "moved"].increment(by: change.rulesMoved)
        }
        for drift in report.drift {
            driftRepairs[drift.table.rawValue, family].increment()
            driftedChains[drift.table.rawValue, family].increment(by: drift.chainCount)
        }
        unsupported[family].set(report.unsupported.count)
    }
}
