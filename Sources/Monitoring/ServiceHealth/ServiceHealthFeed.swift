// SPDX-License-Identifier: Apache-2.0

import Logging
import NetworkTypes
import Proxy

/// Serves the health of Services to load balancers, as the loop reports it: a set of listeners for each family.
///
///     loop ──► feed (the latest report of each family) ──► ServiceHealthServers ──► load balancers
///
/// The loop never waits: opening and closing listeners takes time, and only the latest report counts.
package final class ServiceHealthFeed: ProxyObserver {
    private struct Family: Sendable {
        let servers: ServiceHealthServers
        let reports: AsyncStream<HealthCheckedServices>
        let continuation: AsyncStream<HealthCheckedServices>.Continuation
    }

    private let families: [IPFamily: Family]

    /// - Parameters:
    ///   - families: the families whose rules are kept in sync.
    ///   - retryPeriod: the time until a listener that failed is tried again.
    ///   - shared: what the listeners of all families have in common.
    ///   - metrics: counts the listeners.
    ///   - problems: lists those that cannot listen.
    ///   - logger: receives a warning for each listener that fails.
    package init(
        families: [IPFamily], health: HealthRecord,
        retryPeriod: Duration = ServiceHealthServers.defaultRetryPeriod, shared: ServiceHealthServers.SharedResources,
        metrics: ProxyMetrics, problems: ProblemRecord, logger: Logger
    ) {
        self.families = Dictionary(
            uniqueKeysWithValues: families.map { family in
                let (reports, continuation) = AsyncStream.makeStream(
                    of: HealthCheckedServices.self, bufferingPolicy: .bufferingNewest(1))
                let servers = ServiceHealthServers(
                    health: health, retryPeriod: retryPeriod, shared: shared,
                    report: { counts, unserved in
                        metrics.set(counts, family)
                        problems.set(unserved, family)
                    }, logger: logger)
                return (family, Family(servers: servers, reports: reports, continuation: continuation))
            })
    }

    package func observe(_ event: ProxyEvent) {
        guard case .healthChecksChanged(let services) = event else { return }
        families[services.family]?.continuation.yield(services)
    }

    /// Answers until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for family in families.values {
                group.addTask { await family.servers.run() }
                group.addTask {
                    for await services in family.reports {
                        await family.servers.update(
                            ServiceHealth.all(services.servicePorts, nodeName: services.nodeName),
                            addresses: services.nodePortAddresses ?? [.any(services.family)])
                    }
                }
            }
        }
    }
}
