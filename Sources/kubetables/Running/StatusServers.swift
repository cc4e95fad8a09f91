// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HTTPServing
import Host
import KubernetesObjects
import Logging
import Monitoring
import NetworkTypes
import Proxy
import ProxyConfiguration

/// The HTTP servers of `run`: health for probes and load balancers, metrics and pages for people on this machine.
struct StatusServers {
    private typealias Bind = @Sendable (ListenAddress) async throws(ListenFailure) -> HTTPServer

    let metrics: ServedMetrics
    let health: HealthRecord
    let serviceHealth: ServiceHealthFeed
    private let problems: ProblemRecord
    private let syncs = SyncRecord()
    private let events = EventRecord()
    private let refusals: HTTPRefusals
    private let logger: Logger

    init(options: ProxyOptions, traffic detail: TrafficDetail, families: [IPFamily], logger: Logger) {
        // Without an address for /metrics, the counters of the rules need not be read.
        let isServed = options.effectiveMetricsBindAddress != .none
        metrics = ServedMetrics(
            families: families, traffic: isServed ? detail : .off, backend: KernelOptions.readOnlyBackend,
            build: Self.build)
        health = HealthRecord(syncPeriod: options.effectiveSyncPeriod, families: families)
        problems = ProblemRecord(families: families)
        let refusals = HTTPRefusals(logger) { [metrics] in metrics.proxy.count($0) }
        serviceHealth = ServiceHealthFeed(
            families: families, health: health, retryPeriod: options.effectiveSyncPeriod,
            shared: ServiceHealthServers.SharedResources(refusals: refusals), metrics: metrics.proxy,
            problems: problems,
            logger: logger)
        self.refusals = refusals
        self.logger = logger
    }

    /// The observers of the loop that the servers depend on.
    var observers: [any ProxyObserver] { [metrics.proxy, health, problems, syncs, events, serviceHealth] }

    /// Listens; comes before anything else, so that a port that is already in use ends the program at once.
    ///
    /// - Parameters:
    ///   - source: where objects come from, for people.
    ///   - flags: the flags that are no part of `options`, with their values in force.
    /// - Returns: the servers. With `bindAddressHardFail: false`, a server may listen later, when its port is free.
    /// - Throws: `ExitCode.cannotListen`.
    func listen(
        _ options: ProxyOptions, loop: ProxyLoop, families: [IPFamily], source: String, flags: [FlagInForce]
    ) async throws -> [TaskService] {
        let healthPages = HealthPages(health, metrics: metrics.proxy)
        let pages = metricsPages(loop, families, source, flags)
        let binds: [(BindAddress, Bind)] = [
            (
                options.effectiveHealthzBindAddress,
                { [logger, refusals] address throws(ListenFailure) in
                    try await HTTPServer.bind(address, clients: .probes, refusals: refusals, logger: logger) {
                        healthPages.answer($0)
                    }
                }
            ),
            (
                options.effectiveMetricsBindAddress,
                { [logger, refusals] address throws(ListenFailure) in
                    try await HTTPServer.bind(
                        address, refusals: refusals, resettable: MetricsPages.resettable, logger: logger
                    ) { await pages.answer($0) }
                }
            ),
        ]
        var servers: [HTTPServer] = []
        var services: [TaskService] = []
        for case (.at(let address, let port), let bind) in binds {
            let address = ListenAddress(address, port)
            do throws(ListenFailure) {
                let server = try await listen(address, bind)
                servers.append(server)
                services.append(TaskService { await server.run() })
            } catch {
                guard options.bindAddressHardFail == false else {
                    for server in servers { await server.close() }
                    throw Console.failure("\(error)", .cannotListen)
                }
                logger.error("\(error); trying again")
                services.append(TaskService { await listenLater(address, bind) })
            }
        }
        return services + (await listenOnSocket(options.socketPath(default: StatusSocket.defaultPath), pages))
    }

    /// Listens for commands; without them the node works as well, so what goes wrong is only worth a warning.
    private func listenOnSocket(_ path: String?, _ pages: MetricsPages) async -> [TaskService] {
        guard let path else { return [] }
        do throws(SocketFailure) {
            let server = try await HTTPServer.bind(
                socketPath: path, refusals: refusals, resettable: MetricsPages.resettable, logger: logger
            ) { await pages.answer($0) }
            return [TaskService { await server.run() }]
        } catch {
            logger.warning("\(error); commands that ask this program need --server")
            return []
        }
    }

    /// Listens; 0.0.0.0 means IPv6 as well, as in Go's `net.Listen` and therefore kube-proxy.
    private func listen(_ address: ListenAddress, _ bind: Bind) async throws(ListenFailure) -> HTTPServer {
        guard address.address == .any(.ipv4) else { return try await bind(address) }
        do throws(ListenFailure) {
            return try await bind(ListenAddress(.any(.ipv6), address.port))
        } catch {
            // Some kernels have no IPv6. Any other failure occurs here too, and then names the configured address.
            return try await bind(address)
        }
    }

    /// Tries again until it can listen, and answers then.
    private func listenLater(_ address: ListenAddress, _ bind: Bind) async {
        while (try? await Task.sleep(for: Self.retryPeriod)) != nil {
            guard let server = try? await listen(address, bind) else { continue }
            logger.info("now listening on \(address)")
            return await server.run()
        }
    }

    /// The time until the next attempt, as kube-proxy's.
    private static let retryPeriod = Duration.seconds(5)

    private func metricsPages(
        _ loop: ProxyLoop, _ families: [IPFamily], _ source: String, _ flags: [FlagInForce]
    ) -> MetricsPages {
        let rules = RulesPage(loop, families, RulesPage.rules)
        let plan = RulesPage(loop, families, RulesPage.plan)
        let planPage = PlanPage(loop, families)
        let queue = BlockingQueue(label: "kubetables.memory")
        let giveBack: @Sendable () -> Void = { Task { await queue.run { Memory.giveBack() } } }
        let inspector = LoopInspector(
            loop, families: families, version: kubetablesVersion, source: source, problems: problems, syncs: syncs,
            events: events, traffic: metrics.traffic, machine: KernelMachine(KernelOptions.readOnlyBackend))
        let reports = ReportPages(
            version: kubetablesVersion, state: { await inspector.state($0) }, onRelease: giveBack)
        let counter = StateCounter { await inspector.state([]) }
        let zPages = ZPages(build: Self.build, startTime: syncs.startTime) {
            (await loop.options.withSocket.flagsInForce + flags).map { ($0.name, $0.text) }
        }
        return MetricsPages(
            metrics: { [metrics] in await metrics.text(await counter.counts()) },
            configuration: {
                let options = await loop.options.withSocket
                return options.configurationJSON(flags: options.flagsOnlyInForce + flags)
            },
            rules: { try await rules.content() }, plan: { try await plan.content() },
            planReport: { await planPage.answer($0) }, problems: problems, reports: reports, zPages: zPages,
            healthChecks: metrics.healthChecks, onRelease: giveBack)
    }

    private static let build = BuildInfo(version: kubetablesVersion)
}

extension ProxyOptions {
    /// The options with the path of the socket that this node has by default.
    fileprivate var withSocket: ProxyOptions {
        var options = self
        options.socket = socket ?? StatusSocket.defaultPath
        return options
    }
}
