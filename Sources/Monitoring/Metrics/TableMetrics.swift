import KernelTables
import NetworkTypes
import XTables

/// What is counted about tables: how large they are, what was changed, what others did to them.
struct TableMetrics: Sendable {
    private let lastRules: Gauge
    private let entries: Gauge
    private let changes: Counter
    private let driftRepairs: Counter
    private let driftedChains: Counter
    private let unsupported: Gauge

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        let labels = ["table", "ip_family"]
        lastRules = registry.gauge(
            "kubeproxy_sync_proxy_rules_iptables_last", help: "Rules written by the last sync.", labels: labels)
        entries = registry.gauge(
            "kubetables_table_entries",
            help: "Entries of a table, those of others included: rules, two for a chain, one for a built-in chain.",
            labels: labels)
        changes = registry.counter(
            "kubetables_rule_changes_total", help: "Rules that were added, removed and moved.",
            labels: labels + ["change"])
        driftRepairs = registry.counter(
            "kubetables_drift_repairs_total", help: "How often what others did to our rules was mended.",
            labels: labels)
        driftedChains = registry.counter(
            "kubetables_drifted_chains_total", help: "Chains in which what others did was mended.", labels: labels)
        unsupported = registry.gauge(
            "kubetables_unsupported_features", help: "Features of rules that the kernel refused in the last sync.",
            labels: ["ip_family"])
        for family in families.map(\.kubernetesName) {
            for table in Table.allCases.map(\.rawValue) {
                driftRepairs.add(0, table, family)
                driftedChains.add(0, table, family)
            }
        }
    }

    func count(_ report: SyncReport) {
        let family = report.family.kubernetesName
        for change in report.tables {
            let table = change.table.rawValue
            let isCommitted = change.isCommitted
            entries.set(isCommitted ? change.entriesAfter : change.entriesBefore, table, family)
            lastRules.set(isCommitted ? change.rulesAdded + change.rulesMoved : 0, table, family)
            guard isCommitted else { continue }
            changes.add(change.rulesAdded, table, family, "added")
            changes.add(change.rulesRemoved, table, family, "removed")
            changes.add(change.rulesMoved, table, family, "moved")
        }
        for drift in report.drift {
            driftRepairs.add(1, drift.table.rawValue, family)
            driftedChains.add(drift.chainCount, drift.table.rawValue, family)
        }
        unsupported.set(report.unsupported.count, family)
    }
}
