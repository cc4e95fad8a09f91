// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import KernelTables
import NetworkTypes
import PrometheusText
import Proxy

/// How many syncs there were, for what reason, how long they took, and how they failed.
struct SyncMetrics: Sendable {
    private let all: HistogramFamily
    private let full: HistogramFamily
    private let partial: HistogramFamily
    private let failures: CounterFamily
    private let partialFailures: CounterFamily
    private let lockWait: HistogramFamily
    private let phases: HistogramFamily
    private let reasons: CounterFamily
    private let causes: CounterFamily

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        all = registry.histograms(
            "kubeproxy_sync_proxy_rules_duration_seconds", bounds: HistogramBounds.synchronization,
            help: "Duration of syncs.", labels: "ip_family")
        full = registry.histograms(
            "kubeproxy_sync_full_proxy_rules_duration_seconds", bounds: HistogramBounds.synchronization,
            help: "Duration of full syncs.", labels: "ip_family")
        partial = registry.histograms(
            "kubeproxy_sync_partial_proxy_rules_duration_seconds", bounds: HistogramBounds.synchronization,
            help: "Duration of syncs of changed Services only.", labels: "ip_family")
        failures = registry.counters(
            "kubeproxy_sync_proxy_rules_iptables_restore_failures_total", help: "Failed syncs.", labels: "ip_family")
        partialFailures = registry.counters(
            "kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total",
            help: "Failed syncs of changed Services only.", labels: "ip_family")
        lockWait = registry.histograms(
            "kubetables_lock_wait_seconds", bounds: HistogramBounds.shortTimes,
            help: "Time that a sync waited for the xtables lock.", labels: "ip_family")
        phases = registry.histograms(
            "kubetables_sync_phase_duration_seconds", bounds: HistogramBounds.shortTimes,
            help: "Duration of each phase of a sync.", labels: "ip_family", "phase")
        reasons = registry.counters(
            "kubetables_syncs_total", help: "Successful syncs, by reason.", labels: "ip_family", "reason")
        causes = registry.counters(
            "kubetables_sync_failures_total", help: "Failed syncs, by cause.", labels: "ip_family", "cause")
        for family in families.map(\.kubernetesName) {
            for counter in [failures, partialFailures] { _ = counter[family] }
        }
    }

    func count(_ synchronization: Synchronization) {
        let family = synchronization.family.kubernetesName
        let spent = synchronization.report.phases
        let total = synchronization.compileTime + spent.total
        all[family].record(total)
        let isPartial = synchronization.reason.isPartial(synchronization.changedServices)
        (isPartial ? partial : full)[family].record(total)
        lockWait[family].record(spent.lockWait)
        let durations = [
            ("compile", synchronization.compileTime), ("encode", spent.encode), ("read", spent.read),
            ("difference", spent.difference), ("edit", spent.edit), ("commit", spent.commit),
        ]
        for (phase, duration) in durations { phases[family, phase].record(duration) }
        reasons[family, synchronization.reason.label].increment()
    }

    func count(_ failure: FailedSynchronization) {
        let family = failure.family.kubernetesName
        failures[family].increment()
        if failure.reason.isPartial(failure.changedServices) { partialFailures[family].increment() }
        causes[family, failure.error.label].increment()
        if case .lock(.busy(_, let waited, _)) = failure.error { lockWait[family].record(waited) }
    }
}

extension Synchronization.Reason {
    /// Whether a sync is for changes of single Services.
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
        case .stopped: "stopped"
        case .changedMeanwhile: "changed_meanwhile"
        case .refused: "refused"
        }
    }
}

extension HistogramBounds {
    /// Seconds of a synchronization, as kube-proxy has them (pkg/proxy/metrics/metrics.go): 0.001 to 16.384, each bound
    /// twice the one before.
    static let synchronization = exponential(from: 0.001, factor: 2, count: 15)
}
