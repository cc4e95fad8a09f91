import ArgumentParser
import KernelTables
import KubernetesObjects
import Logging
import Monitoring
import NetworkTypes
import Proxy
import ProxyConfiguration
import XTables

/// What the loop tells over HTTP: health for probes and load balancers, metrics and pages for people on this machine.
struct StatusServers {
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
    /// - Throws: `ExitCode.cannotListen`.
    func listen(_ options: ProxyOptions, loop: ProxyLoop, families: [IPFamily]) async throws -> [HTTPServer] {
        let healthPages = HealthPages(health, metrics: metrics)
        let pages = metricsPages(loop, families)
        var servers: [HTTPServer] = []
        do throws(ServerFailure) {
            if case .at(let address, let port) = options.effectiveHealthzBindAddress {
                servers.append(
                    try await HTTPServer.bind(ListenAddress(address, port), logger: logger) { healthPages.answer($0) })
            }
            if case .at(let address, let port) = options.effectiveMetricsBindAddress {
                servers.append(
                    try await HTTPServer.bind(ListenAddress(address, port), logger: logger) { await pages.answer($0) })
            }
        } catch {
            for server in servers { await server.close() }
            throw Console.failure("\(error)", .cannotListen)
        }
        return servers
    }

    private func metricsPages(_ loop: ProxyLoop, _ families: [IPFamily]) -> MetricsPages {
        let registry = registry
        let traffic = traffic
        let queue = BlockingQueue(label: "kubetables.plan")
        return MetricsPages(
            metrics: { await traffic?.write(after: registry.text) ?? registry.text },
            configuration: { await loop.options.configurationJSON },
            rules: {
                var text = ""
                for family in families {
                    guard let rules = await loop.rules(family) else { throw NothingWanted() }
                    text += "# \(family.kubernetesName)\n\(rules.text())"
                }
                return text
            },
            plan: {
                var text = ""
                for family in families {
                    guard let rules = await loop.rules(family) else { throw NothingWanted() }
                    let plan = try await queue.run { Result { try Syncer(lock: nil).plan(rules) } }.get()
                    PlanPrinter(format: .text, colors: .none).forEachLine(of: plan) { text += $0 + "\n" }
                }
                return text
            })
    }

    /// Why there are no rules to show.
    private struct NothingWanted: Error, CustomStringConvertible {
        let description = "no rules yet: the Services and endpoints are not known"
    }
}
