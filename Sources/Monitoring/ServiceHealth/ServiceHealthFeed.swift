import Logging
import NetworkTypes
import Proxy

/// Answers load balancers as the loop tells it to: a set of listeners for each family.
///
///     loop ──► feed (the newest of each family) ──► ServiceHealthServers ──► load balancers
///
/// The loop is never kept waiting: to open and close listeners takes time, and only the newest it has told counts.
public final class ServiceHealthFeed: ProxyObserver {
    private struct Line: Sendable {
        let servers: ServiceHealthServers
        let news: AsyncStream<HealthCheckedServices>
        let continuation: AsyncStream<HealthCheckedServices>.Continuation
    }

    private let lines: [IPFamily: Line]

    /// Nothing is told yet.
    ///
    /// - Parameters:
    ///   - families: the families that rules are made for.
    ///   - health: knows whether the proxy keeps up.
    ///   - retryPeriod: after what time a listener that failed is tried again.
    ///   - logger: gets a warning for each listener that fails.
    public init(
        families: [IPFamily], health: HealthRecord,
        retryPeriod: Duration = ServiceHealthServers.defaultRetryPeriod, logger: Logger
    ) {
        lines = Dictionary(
            uniqueKeysWithValues: families.map { family in
                let (news, continuation) = AsyncStream.makeStream(
                    of: HealthCheckedServices.self, bufferingPolicy: .bufferingNewest(1))
                let servers = ServiceHealthServers(health: health, retryPeriod: retryPeriod, logger: logger)
                return (family, Line(servers: servers, news: news, continuation: continuation))
            })
    }

    /// Something happened in the loop.
    public func observe(_ event: ProxyEvent) {
        guard case .healthChecksChanged(let services) = event else { return }
        lines[services.family]?.continuation.yield(services)
    }

    /// Answers until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for line in lines.values {
                group.addTask { await line.servers.run() }
                group.addTask {
                    for await services in line.news {
                        await line.servers.update(
                            ServiceHealth.all(services.servicePorts, nodeName: services.nodeName),
                            addresses: services.nodePortAddresses ?? [.any(services.family)])
                    }
                }
            }
        }
    }
}
