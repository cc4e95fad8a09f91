// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes

/// Whether the proxy keeps up: the basis of kube-proxy's `/healthz` and `/livez`.
///
/// It is a value, and time comes from outside.
///
/// A family is late when a change was queued for it and no sync has succeeded for ``timeout`` since. So an idle proxy is
/// healthy, one that is starting is too, and a failed sync alone is not unhealthy as long as a later one succeeds in time.
/// That the node is about to be removed counts for `/healthz` only, which load balancers read; `/livez` is for those who
/// restart a proxy that hangs.
///
/// Unlike kube-proxy (pkg/proxy/healthcheck/proxy_health.go, `Health`), a family whose first sync never succeeds is late
/// too: kube-proxy checks only families that have succeeded once. A family that the kernel lacks does not count as long as
/// the other one is served: kube-proxy drops it at its start.
package struct ProxyHealth: Sendable {
    /// How long a change may be queued: 2 × the sync period.
    package var timeout: Duration
    /// Whether load balancers may send traffic to the node: it is not about to be removed (`NodeObject.isLeaving`).
    package var isNodeEligible = true

    private var lastUpdates: [IPFamily: Timestamp] = [:]
    private var oldestQueued: [IPFamily: ContinuousClock.Instant] = [:]
    private var missing: Set<IPFamily> = []

    /// - Parameter syncPeriod: kube-proxy's `--iptables-sync-period`.
    package init(syncPeriod: Duration) { timeout = Self.timeout(for: syncPeriod) }

    /// How long a change may be queued with a sync period (cmd/kube-proxy/app/server.go).
    package static func timeout(for syncPeriod: Duration) -> Duration { syncPeriod * 2 }

    /// A change of a family's rules was queued.
    package mutating func queue(_ family: IPFamily, at now: Moment) {
        if oldestQueued[family] == nil { oldestQueued[family] = now.instant }
    }

    /// A family's rules are in sync.
    package mutating func finish(_ family: IPFamily, at now: Moment) {
        oldestQueued[family] = nil
        missing.remove(family)
        lastUpdates[family] = now.time
    }

    /// The kernel lacks a family's tables; ignored for a family whose tables it had before.
    package mutating func miss(_ family: IPFamily) { missing.insert(family) }

    package func report(at now: Moment) -> HealthReport {
        var families: [IPFamily: HealthReport.Family] = [:]
        for (family, time) in lastUpdates { families[family] = HealthReport.Family(lastUpdated: time, isHealthy: true) }
        for (family, queued) in oldestQueued where queued.duration(to: now.instant) >= timeout {
            let counts = !missing.contains(family) || lastUpdates[family] != nil || lastUpdates.isEmpty
            guard counts else { continue }
            families[family] = HealthReport.Family(lastUpdated: lastUpdates[family] ?? .never, isHealthy: false)
        }
        return HealthReport(
            lastUpdated: lastUpdates.values.max() ?? .never, currentTime: now.time, isNodeEligible: isNodeEligible,
            families: families)
    }
}
