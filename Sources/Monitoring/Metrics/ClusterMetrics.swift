// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import KubernetesObjects
import NetworkTypes
import PrometheusText
import Proxy
import ServiceModel
import Synchronization

/// What is counted about the objects of the cluster, and the API server that sends them.
final class ClusterMetrics: Sendable {
    private let missing: GaugeFamily
    private let endpointChanges: CounterFamily
    private let serviceChanges: CounterFamily
    private let endpointChangesPending: GaugeFamily
    private let serviceChangesPending: GaugeFamily
    private let lastContact: GaugeFamily
    private let pending = Mutex<[IPFamily: ChangeCounts]>([:])

    init(_ registry: MetricRegistry) {
        missing = registry.gauges(
            "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
            help: "Service ports with a Local traffic policy and no endpoint on this node.",
            labels: "traffic_policy", "ip_family")
        endpointChanges = registry.counters(
            "kubeproxy_sync_proxy_rules_endpoint_changes_total", help: "Changes of EndpointSlices received.")
        serviceChanges = registry.counters(
            "kubeproxy_sync_proxy_rules_service_changes_total", help: "Changes of Services received.")
        endpointChangesPending = registry.gauges(
            "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
            help: "Changes of EndpointSlices that are not in the kernel yet.")
        serviceChangesPending = registry.gauges(
            "kubeproxy_sync_proxy_rules_service_changes_pending",
            help: "Changes of Services that are not in the kernel yet.")
        lastContact = registry.gauges(
            "kubetables_api_last_contact_timestamp_seconds",
            help: "Time at which the API server last sent something about the resource, changed or not.",
            labels: "resource")
        count(ChangeCounts())
        write([ChangeCounts()])
    }

    func set(_ counts: MissingLocalEndpoints, _ family: IPFamily) {
        missing["internal", family.kubernetesName].set(counts.internalPolicy)
        missing["external", family.kubernetesName].set(counts.externalPolicy)
    }

    func count(_ changes: ChangeCounts) {
        endpointChanges[].increment(by: changes.endpoints)
        serviceChanges[].increment(by: changes.services)
    }

    /// kube-proxy has one number for both families, so the family with more changes counts.
    func setPending(_ counts: ChangeCounts, _ family: IPFamily) {
        pending.withLock { pending in
            pending[family] = counts
            write(Array(pending.values))
        }
    }

    /// Shows a node that goes on with what it received long ago.
    func recordContact(about kind: KubernetesObject.Kind, at time: Timestamp) {
        lastContact[kind.rawValue].set(time.secondsSince1970)
    }

    private func write(_ pending: [ChangeCounts]) {
        endpointChangesPending[].set(pending.map(\.endpoints).max() ?? 0)
        serviceChangesPending[].set(pending.map(\.services).max() ?? 0)
    }
}
