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
    /// - Returns: what answers. If the options say that ports need not be free, it listens as soon as it can.
    /// - Throws: `ExitCode.cannotListen`.
    func listen(_ options: ProxyOptions, loop: ProxyLoop, families: [IPFamily]) async throws -> [Part] {
        let healthPages = HealthPages(health, metrics: metrics)
        let pages = metricsPages(loop, families)
        let wanted: [(BindAddress, HTTPServer.Respond)] = [
            (options.effectiveHealthzBindAddress, { healthPages.answer($0) }),
            (options.effectiveMetricsBindAddress, { await pages.answer($0) }),
        ]
        var servers: [HTTPServer] = []
        var parts: [Part] = []
        for case (.at(let address, let port), let respond) in wanted {
            let address = ListenAddress(address, port)
            do throws(ServerFailure) {
                let server = try await HTTPServer.bind(address, logger: logger, respond: respond)
                servers.append(server)
                parts.append(Part { await server.run() })
            } catch {
                guard options.bindAddressHardFail == false else {
                    for server in servers { await server.close() }
                    throw Console.failure("\(error)", .cannotListen)
                }
                logger.error("\(error); it is tried again")
                parts.append(Part { await listenLater(address, respond) })
            }
        }
        return parts
    }

    /// Tries to listen, again and again, and answers then.
    private func listenLater(_ address: ListenAddress, _ respond: @escaping HTTPServer.Respond) async {
        while (try? await Task.sleep(for: Self.retryPeriod)) != nil {
            guard let server = try? await HTTPServer.bind(address, logger: logger, respond: respond) else { continue }
            logger.info("listening on \(address) now")
            return await server.run()
        }
    }

    /// As long as kube-proxy waits.
    private static let retryPeriod = Duration.seconds(5)

    private func metricsPages(_ loop: ProxyLoop, _ families: [IPFamily]) -> MetricsPages {
        let registry = registry
        let traffic = traffic
        let queue = BlockingQueue(label: "kubetables.plan")
        return MetricsPages(
            metrics: {
                var text = registry.text
                ProcessUsage.now?.write(to: &text)
                return await traffic?.write(after: text) ?? text
            },
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
