import CoreMetrics
import KernelTables
import NetworkTypes
import Proxy

/// What is counted about runs: how many, why, how long, how they failed.
struct SyncMetrics: Sendable {
    private static let all = synchronization("kubeproxy_sync_proxy_rules_duration_seconds", "Time that a sync took.")
    private static let full = synchronization(
        "kubeproxy_sync_full_proxy_rules_duration_seconds", "Time that a sync of everything took.")
    private static let partial = synchronization(
        "kubeproxy_sync_partial_proxy_rules_duration_seconds", "Time that a sync of changed Services took.")
    private static let failures = MetricDefinition(
        "kubeproxy_sync_proxy_rules_iptables_restore_failures_total", .counter, help: "Syncs that failed.",
        labels: ["ip_family"])
    private static let partialFailures = MetricDefinition(
        "kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total", .counter,
        help: "Syncs of changed Services that failed.", labels: ["ip_family"])
    private static let lockWait = MetricDefinition(
        "kubetables_lock_wait_seconds", .histogram(bounds: HistogramBounds.phase),
        help: "Time that a sync waited for the xtables lock.", labels: ["ip_family"])
    private static let phases = MetricDefinition(
        "kubetables_sync_phase_duration_seconds", .histogram(bounds: HistogramBounds.phase),
        help: "Time that a part of a sync took.", labels: ["ip_family", "phase"])
    private static let reasons = MetricDefinition(
        "kubetables_syncs_total", .counter, help: "Syncs that succeeded, by what they were for.",
        labels: ["ip_family", "reason"])
    private static let causes = MetricDefinition(
        "kubetables_sync_failures_total", .counter, help: "Syncs that failed, by cause.",
        labels: ["ip_family", "cause"])

    static let definitions = [all, full, partial, failures, partialFailures, lockWait, phases, reasons, causes]

    private static func synchronization(_ name: String, _ help: String) -> MetricDefinition {
        MetricDefinition(
            name, .histogram(bounds: HistogramBounds.synchronization), help: help, labels: ["ip_family"])
    }

    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory, _ families: [IPFamily]) {
        self.factory = factory
        for family in families.map(\.kubernetesName) {
            for counter in [Self.failures, Self.partialFailures] { _ = factory.counter(counter, family) }
        }
    }

    func count(_ synchronization: Synchronization) {
        let family = synchronization.family.kubernetesName
        let spent = synchronization.report.phases
        let total = synchronization.compileTime + spent.total
        factory.recorder(Self.all, family).record(total)
        let isPartial = synchronization.reason.isPartial(synchronization.changedServices)
        factory.recorder(isPartial ? Self.partial : Self.full, family).record(total)
        factory.recorder(Self.lockWait, family).record(spent.lockWait)
        let parts = [
            ("compile", synchronization.compileTime), ("encode", spent.encode), ("read", spent.read),
            ("difference", spent.difference), ("edit", spent.edit), ("commit", spent.commit),
        ]
        for (phase, duration) in parts { factory.recorder(Self.phases, family, phase).record(duration) }
        factory.counter(Self.reasons, family, synchronization.reason.label).increment()
    }

    func count(_ failure: FailedSynchronization) {
        let family = failure.family.kubernetesName
        factory.counter(Self.failures, family).increment()
        if failure.reason.isPartial(failure.changedServices) {
            factory.counter(Self.partialFailures, family).increment()
        }
        factory.counter(Self.causes, family, failure.error.label).increment()
    }
}

extension Synchronization.Reason {
    /// Whether a run is for changes of single Services.
    ///
    /// - Parameter changedServices: the number of Services it is for; `nil` for all.
    fileprivate func isPartial(_ changedServices: Int?) -> Bool {
        switch self {
        case .change, .retry: changedServices != nil
        case .start, .check: false
        }
    }

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
