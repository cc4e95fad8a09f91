import KubernetesObjects
import NetworkTypes

/// Whether the proxy keeps up: what kube-proxy's `/healthz` and `/livez` go by.
///
/// It is a value, and time comes from outside.
///
/// A family is late when something was queued for it and nothing has been finished for ``timeout`` since. So an idle proxy
/// is healthy for ever, one that is starting up too, and a failed run alone makes nobody unhealthy: only that it is not
/// made good in time does. That the node is about to go counts for `/healthz` only, which load balancers ask; whoever
/// restarts a proxy that has died asks `/livez`.
///
/// Unlike kube-proxy (pkg/proxy/healthcheck/proxy_health.go, `Health`), a family whose very first run never succeeds is
/// late too: kube-proxy looks only at families that have succeeded once. A family that the kernel does not have is not
/// waited for, as long as the other one is served: kube-proxy drops it at its start.
public struct ProxyHealth: Sendable {
    /// How long something may be queued: 2 × the sync period.
    public var timeout: Duration
    /// Whether the node is to get traffic: it is not about to go (`NodeObject.isLeaving`).
    public var isNodeEligible = true

    private var lastUpdates: [IPFamily: Timestamp] = [:]
    private var oldestQueued: [IPFamily: ContinuousClock.Instant] = [:]
    private var missing: Set<IPFamily> = []

    /// Nothing happened yet.
    ///
    /// - Parameter syncPeriod: kube-proxy's `--iptables-sync-period`.
    public init(syncPeriod: Duration) { timeout = Self.timeout(for: syncPeriod) }

    /// How long something may be queued with a sync period (cmd/kube-proxy/app/server.go).
    public static func timeout(for syncPeriod: Duration) -> Duration { syncPeriod * 2 }

    /// Something is to be done for a family.
    public mutating func queue(_ family: IPFamily, at now: Moment) {
        if oldestQueued[family] == nil { oldestQueued[family] = now.instant }
    }

    /// A family's tables are as they shall be.
    public mutating func finish(_ family: IPFamily, at now: Moment) {
        oldestQueued[family] = nil
        missing.remove(family)
        lastUpdates[family] = now.time
    }

    /// The kernel does not have a family's tables.
    ///
    /// Of no account for a family whose tables were there once.
    public mutating func miss(_ family: IPFamily) { missing.insert(family) }

    /// How things are.
    public func report(at now: Moment) -> HealthReport {
        var families: [IPFamily: HealthReport.Family] = [:]
        for (family, time) in lastUpdates { families[family] = HealthReport.Family(lastUpdated: time, isHealthy: true) }
        for (family, queued) in oldestQueued where queued.duration(to: now.instant) >= timeout {
            let isWaitedFor = !missing.contains(family) || lastUpdates[family] != nil || lastUpdates.isEmpty
            guard isWaitedFor else { continue }
            families[family] = HealthReport.Family(lastUpdated: lastUpdates[family] ?? .never, isHealthy: false)
        }
        return HealthReport(
            lastUpdated: lastUpdates.values.max() ?? .never, currentTime: now.time, isNodeEligible: isNodeEligible,
            families: families)
    }
}
