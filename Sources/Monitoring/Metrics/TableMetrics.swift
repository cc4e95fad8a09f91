import CoreMetrics
import KernelTables
import NetworkTypes
import XTables

/// What is counted about tables: how large they are, what was changed, what others did to them.
struct TableMetrics: Sendable {
    private static let labels = ["table", "ip_family"]
    private static let lastRules = MetricDefinition(
        "kubeproxy_sync_proxy_rules_iptables_last", .gauge, help: "Rules written by the last sync.", labels: labels)
    private static let totalRules = MetricDefinition(
        "kubeproxy_sync_proxy_rules_iptables_total", .gauge, help: "Rules in our chains.", labels: labels)
    private static let entries = MetricDefinition(
        "kubetables_table_entries", .gauge,
        help: "Entries of a table, those of others included: rules, two for a chain, one for a built-in chain.",
        labels: labels)
    private static let changes = MetricDefinition(
        "kubetables_rule_changes_total", .counter, help: "Rules that were added, removed and moved.",
        labels: labels + ["change"])
    private static let driftRepairs = MetricDefinition(
        "kubetables_drift_repairs_total", .counter, help: "How often what others did to our rules was mended.",
        labels: labels)
    private static let driftedChains = MetricDefinition(
        "kubetables_drifted_chains_total", .counter, help: "Chains in which what others did was mended.",
        labels: labels)
    private static let unsupported = MetricDefinition(
        "kubetables_unsupported_features", .gauge,
        help: "Features of rules that the kernel refused in the last sync.", labels: ["ip_family"])

    static let definitions = [lastRules, totalRules, entries, changes, driftRepairs, driftedChains, unsupported]

    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory, _ families: [IPFamily]) {
        self.factory = factory
        for family in families.map(\.kubernetesName) {
            for table in Table.allCases.map(\.rawValue) {
                _ = factory.counter(Self.driftRepairs, table, family)
                _ = factory.counter(Self.driftedChains, table, family)
            }
        }
    }

    func count(_ report: SyncReport) {
        let family = report.family.kubernetesName
        for change in report.tables {
            let table = change.table.rawValue
            let isCommitted = change.isCommitted
            factory.meter(Self.entries, table, family).set(isCommitted ? change.entriesAfter : change.entriesBefore)
            factory.meter(Self.totalRules, table, family).set(change.ruleCount)
            factory.meter(Self.lastRules, table, family)
                .set(isCommitted ? change.rulesAdded + change.rulesMoved : 0)
            guard isCommitted else { continue }
            factory.counter(Self.changes, table, family, "added").increment(by: change.rulesAdded)
            factory.counter(Self.changes, table, family, "removed").increment(by: change.rulesRemoved)
            factory.counter(Self.changes, table, family, "moved").increment(by: change.rulesMoved)
        }
        for drift in report.drift {
            factory.counter(Self.driftRepairs, drift.table.rawValue, family).increment()
            factory.counter(Self.driftedChains, drift.table.rawValue, family).increment(by: drift.chainCount)
        }
        factory.meter(Self.unsupported, family).set(report.unsupported.count)
    }
}
