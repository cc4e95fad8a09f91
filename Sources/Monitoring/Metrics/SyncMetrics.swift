import KernelTables
import NetworkTypes
import Proxy

/// What is counted about runs: how many, why, how long, how they failed.
struct SyncMetrics: Sendable {
    private let all: Histogram
    private let full: Histogram
    private let partial: Histogram
    private let failures: Counter
    private let lockWait: Histogram
    private let phases: Histogram
    private let reasons: Counter
    private let causes: Counter

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        let synchronization = { (name: String, help: String) in
            registry.histogram(name, help: help, labels: ["ip_family"], bounds: HistogramBounds.synchronization)
        }
        all = synchronization("kubeproxy_sync_proxy_rules_duration_seconds", "Time that a sync took.")
        full = synchronization(
            "kubeproxy_sync_full_proxy_rules_duration_seconds", "Time that a sync of everything took.")
        partial = synchronization(
            "kubeproxy_sync_partial_proxy_rules_duration_seconds", "Time that a sync of changed Services took.")
        failures = registry.counter(
            "kubeproxy_sync_proxy_rules_iptables_restore_failures_total", help: "Syncs that failed.",
            labels: ["ip_family"])
        lockWait = registry.histogram(
            "kubetables_lock_wait_seconds", help: "Time that a sync waited for the xtables lock.",
            labels: ["ip_family"], bounds: HistogramBounds.phase)
        phases = registry.histogram(
            "kubetables_sync_phase_duration_seconds", help: "Time that a part of a sync took.",
            labels: ["ip_family", "phase"], bounds: HistogramBounds.phase)
        reasons = registry.counter(
            "kubetables_syncs_total", help: "Syncs that succeeded, by what they were for.",
            labels: ["ip_family", "reason"])
        causes = registry.counter(
            "kubetables_sync_failures_total", help: "Syncs that failed, by cause.", labels: ["ip_family", "cause"])
        for family in families { failures.add(0, family.kubernetesName) }
    }

    func count(_ synchronization: Synchronization) {
        let family = synchronization.family.kubernetesName
        let spent = synchronization.report.phases
        let total = synchronization.compileTime + spent.total
        all.observe(total, family)
        (synchronization.isPartial ? partial : full).observe(total, family)
        lockWait.observe(spent.lockWait, family)
        let parts = [
            ("compile", synchronization.compileTime), ("encode", spent.encode), ("read", spent.read),
            ("difference", spent.difference), ("edit", spent.edit), ("commit", spent.commit),
        ]
        for (phase, duration) in parts { phases.observe(duration, family, phase) }
        reasons.add(1, family, synchronization.reason.label)
    }

    func count(_ error: SyncError, _ family: IPFamily) {
        failures.add(1, family.kubernetesName)
        causes.add(1, family.kubernetesName, error.label)
    }
}

extension Synchronization {
    /// Whether it was for changes of single Services.
    fileprivate var isPartial: Bool {
        switch reason {
        case .change, .retry: changedServices != nil
        case .start, .check: false
        }
    }
}

extension Synchronization.Reason {
    fileprivate var label: String {
        switch self {
        case .start: "start"
        case .change: "change"
        case .check: "check"
        case .retry: "retry"
        }
    }
}

extension SyncError {
    fileprivate var label: String {
        switch self {
        case .lock: "lock"
        case .unencodable: "unencodable"
        case .noLegacyTables: "no_legacy_tables"
        case .notPermitted: "not_permitted"
        case .outOfMemory: "out_of_memory"
        case .changedMeanwhile: "changed_meanwhile"
        case .refused: "refused"
        }
    }
}
