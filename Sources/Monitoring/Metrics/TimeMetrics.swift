// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import KubernetesObjects
import NetworkTypes
import PrometheusText
import Proxy

/// When syncs were requested and done, and how long changes of the cluster take to reach the kernel.
struct TimeMetrics: Sendable {
    private let synchronized: GaugeFamily
    private let queued: GaugeFamily
    private let networkProgramming: HistogramFamily

    init(_ registry: MetricRegistry) {
        synchronized = registry.gauges(
            "kubeproxy_sync_proxy_rules_last_timestamp_seconds", help: "Time of the last successful sync.",
            labels: "ip_family")
        queued = registry.gauges(
            "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
            help: "Time at which a sync was last requested; much later than the last sync if kubetables hangs.",
            labels: "ip_family")
        networkProgramming = registry.histograms(
            "kubeproxy_network_programming_duration_seconds", bounds: HistogramBounds.networkProgramming,
            help: "Time from a change of a Service or pod until its rules were in the kernel.", labels: "ip_family")
    }

    func synchronized(_ synchronization: Synchronization, at time: Timestamp) {
        let family = synchronization.family.kubernetesName
        synchronized[family].set(time.secondsSince1970)
        for trigger in synchronization.triggerTimes {
            // Another machine's clock may be ahead of this one.
            networkProgramming[family].record(max(.zero, trigger.duration(to: time)))
        }
    }

    func queued(_ family: IPFamily, at time: Timestamp) { queued[family.kubernetesName].set(time.secondsSince1970) }
}

extension HistogramBounds {
    /// Seconds from a change in the cluster until its rules are in the kernel: 0.25 to 300.
    ///
    /// The first bound is 0, as kube-proxy's is: its `MergeBuckets` begins with an empty number, and dashboards that
    /// compare nodes need equal bounds (pkg/proxy/metrics/metrics.go).
    static let networkProgramming =
        [0] + linear(from: 0.25, step: 0.25, count: 2) + linear(from: 1, step: 1, count: 59)
        + linear(from: 60, step: 5, count: 12) + linear(from: 120, step: 30, count: 7)
}
