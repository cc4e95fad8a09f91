import ArgumentParser
import KubernetesObjects
import Logging
import Monitoring
import NetworkTypes
import Proxy
import ProxyConfiguration

/// What the loop tells over HTTP: health for probes and load balancers, metrics and pages for people on this machine.
struct StatusServers {
    /// Begins to listen at an address.
    private typealias Bind = @Sendable (ListenAddress) async throws(ServerFailure) -> HTTPServer

    /// Keeps count of what happens in the loop.
    let metrics: ProxyMetrics
    /// Knows whether the loop keeps up.
    let health: HealthRecord
    /// Answers load balancers on the health check node ports of Services.
    let serviceHealth: ServiceHealthFeed
    /// Follows what the rules count; `nil` if nobody can ask for it.
    let traffic: TrafficMonitor?
    private let registry = MetricRegistry(.proxy)
    private let logger: Logger

    init(options: ProxyOptions, traffic detail: TrafficDetail, families: [IPFamily], logger: Logger) {
        metrics = ProxyMetrics(registry, families: families)
        health = HealthRecord(syncPeriod: options.effectiveSyncPeriod)
        serviceHealth = ServiceHealthFeed(
            families: families, health: health, retryPeriod: options.effectiveSyncPeriod, logger: logger)
        let isAsked = options.effectiveMetricsBindAddress != .none
        traffic = isAsked && detail != .off ? TrafficMonitor(detail, families: families) : nil
        self.logger = logger
    }

    /// What gets told what happens in the loop.
    var observers: [any ProxyObserver] { [metrics, health, serviceHealth] }

    /// Begins to listen; to be done before anything else, so that a port that is taken ends the program at once.
    ///
    /// - Returns: what answers. If the options say that ports need not be free, it listens as soon as it can.
    /// - Throws: `ExitCode.cannotListen`.
    func listen(_ options: ProxyOptions, loop: ProxyLoop, families: [IPFamily]) async throws -> [TaskService] {
        let healthPages = HealthPages(health, metrics: metrics)
        let pages = metricsPages(loop, families)
        let wanted: [(BindAddress, Bind)] = [
            (
                options.effectiveHealthzBindAddress,
                { [logger] address throws(ServerFailure) in
                    try await HTTPServer.bind(address, clients: .probes, logger: logger) { healthPages.answer($0) }
                }
            ),
            (
                options.effectiveMetricsBindAddress,
                { [logger] address throws(ServerFailure) in
                    try await HTTPServer.bind(address, logger: logger) { await pages.answer($0) }
                }
            ),
        ]
        var servers: [HTTPServer] = []
        var services: [TaskService] = []
        for case (.at(let address, let port), let bind) in wanted {
            let address = ListenAddress(address, port)
            do throws(ServerFailure) {
                let server = try await listen(address, bind)
                servers.append(server)
                services.append(TaskService { await server.run() })
            } catch {
                guard options.bindAddressHardFail == false else {
                    for server in servers { await server.close() }
                    throw Console.failure("\(error)", .cannotListen)
                }
                logger.error("\(error); it is tried again")
                services.append(TaskService { await listenLater(address, bind) })
            }
        }
        return services
    }

    /// Begins to listen; 0.0.0.0 means IPv6 as well, as Go's `net.Listen` and therefore kube-proxy has it.
    private func listen(_ address: ListenAddress, _ bind: Bind) async throws(ServerFailure) -> HTTPServer {
        guard address.address == .any(.ipv4) else { return try await bind(address) }
        do throws(ServerFailure) {
            return try await bind(ListenAddress(.any(.ipv6), address.port))
        } catch {
            // Some kernels have no IPv6. What else is in the way is in the way here, too, and said of the address asked for.
            return try await bind(address)
        }
    }

    /// Tries to listen, again and again, and answers then.
    private func listenLater(_ address: ListenAddress, _ bind: Bind) async {
        while (try? await Task.sleep(for: Self.retryPeriod)) != nil {
            guard let server = try? await listen(address, bind) else { continue }
            logger.info("listening on \(address) now")
            return await server.run()
        }
    }

    /// As long as kube-proxy waits.
    private static let retryPeriod = Duration.seconds(5)

    private func metricsPages(_ loop: ProxyLoop, _ families: [IPFamily]) -> MetricsPages {
        let registry = registry
        let traffic = traffic
        let rules = RulesPage(loop, families, RulesPage.rules)
        let plan = RulesPage(loop, families, RulesPage.plan)
        return MetricsPages(
            metrics: {
                var text = registry.text
                ProcessUsage.now?.write(to: &text)
                return await traffic?.write(after: text) ?? text
            },
            configuration: { await loop.options.configurationJSON },
            rules: { try await rules.get() }, plan: { try await plan.get() })
    }
}
