// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KernelTables
import NetworkTypes
import Proxy
import ProxyConfiguration
import Synchronization

/// Keeps a ``ProxyHealth`` and a ``ProxyReadiness`` up to date with what happens in the loop, for servers to read.
package final class HealthRecord: ProxyObserver {
    private let health: Mutex<ProxyHealth>
    private let readiness: Mutex<ProxyReadiness>
    private let now: @Sendable () -> Moment

    /// - Parameters:
    ///   - families: the families whose rules are kept in sync.
    ///   - syncPeriod: kube-proxy's `--iptables-sync-period`.
    ///   - now: the clock.
    package init(
        syncPeriod: Duration, families: [IPFamily] = IPFamily.allCases,
        now: @escaping @Sendable () -> Moment = { .now }
    ) {
        health = Mutex(ProxyHealth(syncPeriod: syncPeriod))
        readiness = Mutex(ProxyReadiness(families: families))
        self.now = now
    }

    package func observe(_ event: ProxyEvent) {
        switch event {
        case .waiting(let kinds): readiness.withLock { $0.wait(for: kinds) }
        case .started: readiness.withLock { $0.start() }
        case .unusableSettings(let reason): readiness.withLock { $0.refuse(settings: reason) }
        case .invalidObjects(let errors): readiness.withLock { $0.setErrors(errors) }
        case .rulesKept(let report): readiness.withLock { $0.keep(report) }
        case .changeQueued(let family): health.withLock { $0.queue(family, at: now()) }
        case .synchronized(let synchronization):
            health.withLock { $0.finish(synchronization.family, at: now()) }
            readiness.withLock { $0.finish(synchronization.family) }
        case .optionsChanged(let options): setSyncPeriod(options.effectiveSyncPeriod)
        case .nodeLeaving(let isLeaving): setNodeEligible(!isLeaving)
        case .failed(let failure):
            let isMissing = if case .noLegacyTables = failure.error { true } else { false }
            if isMissing { health.withLock { $0.miss(failure.family) } }
            readiness.withLock { $0.fail(failure.family, "\(failure.error)", isMissing: isMissing) }
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

    /// The answer of `/readyz` now.
    package var readyz: HTTPAnswer { readiness.withLock(\.readyz) }
}
