import KernelTables
import NetworkTypes
import Proxy
import Synchronization

/// Keeps a ``ProxyHealth`` up to date from what happens in the loop, for servers to ask.
public final class HealthRecord: ProxyObserver {
    private let health: Mutex<ProxyHealth>
    private let now: @Sendable () -> Moment

    /// Nothing happened yet.
    ///
    /// - Parameters:
    ///   - syncPeriod: kube-proxy's `--iptables-sync-period`.
    ///   - now: the clock.
    public init(syncPeriod: Duration, now: @escaping @Sendable () -> Moment = { .now }) {
        health = Mutex(ProxyHealth(syncPeriod: syncPeriod))
        self.now = now
    }

    /// Something happened in the loop.
    public func observe(_ event: ProxyEvent) {
        switch event {
        case .changeQueued(let family): health.withLock { $0.queue(family, at: now()) }
        case .synchronized(let synchronization): health.withLock { $0.finish(synchronization.family, at: now()) }
        case .nodeLeaving(let isLeaving): setNodeEligible(!isLeaving)
        case .failed(let failure):
            guard case .noLegacyTables = failure.error else { break }
            health.withLock { $0.miss(failure.family) }
        default: break
        }
    }

    /// Takes over whether the node is to get traffic: see ``ProxyHealth/isNodeEligible``.
    public func setNodeEligible(_ isEligible: Bool) { health.withLock { $0.isNodeEligible = isEligible } }

    /// Takes over another `--iptables-sync-period`.
    public func setSyncPeriod(_ period: Duration) {
        health.withLock { $0.timeout = ProxyHealth.timeout(for: period) }
    }

    /// How things are now.
    public var report: HealthReport { health.withLock { $0.report(at: now()) } }
}
