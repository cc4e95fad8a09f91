import KernelTables
import NetworkTypes
import Proxy
import ProxyConfiguration
import Synchronization

/// Keeps a ``ProxyHealth`` up to date with what happens in the loop, for servers to read.
package final class HealthRecord: ProxyObserver {
    private let health: Mutex<ProxyHealth>
    private let now: @Sendable () -> Moment

    /// - Parameters:
    ///   - syncPeriod: kube-proxy's `--iptables-sync-period`.
    ///   - now: the clock.
    package init(syncPeriod: Duration, now: @escaping @Sendable () -> Moment = { .now }) {
        health = Mutex(ProxyHealth(syncPeriod: syncPeriod))
        self.now = now
    }

    package func observe(_ event: ProxyEvent) {
        switch event {
        case .changeQueued(let family): health.withLock { $0.queue(family, at: now()) }
        case .synchronized(let synchronization): health.withLock { $0.finish(synchronization.family, at: now()) }
        case .optionsChanged(let options): setSyncPeriod(options.effectiveSyncPeriod)
        case .nodeLeaving(let isLeaving): setNodeEligible(!isLeaving)
        case .failed(let failure):
            guard case .noLegacyTables = failure.error else { break }
            health.withLock { $0.miss(failure.family) }
        default: break
        }
    }

    /// Sets ``ProxyHealth/isNodeEligible``.
    package func setNodeEligible(_ isEligible: Bool) { health.withLock { $0.isNodeEligible = isEligible } }

    /// Sets another `--iptables-sync-period`.
    package func setSyncPeriod(_ period: Duration) {
        health.withLock { $0.timeout = ProxyHealth.timeout(for: period) }
    }

    /// The health now.
    package var report: HealthReport { health.withLock { $0.report(at: now()) } }
}
