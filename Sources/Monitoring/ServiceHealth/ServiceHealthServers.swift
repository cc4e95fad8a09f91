// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import Logging
import NetworkTypes
import ServiceModel
import Synchronization

/// Listens on the health check node ports of Services, for one family, and serves the health of the Services.
///
/// Each Service has a listener of its own on each node port address. A listener that fails is logged once and tried again
/// every `retryPeriod`; the others serve meanwhile. So are listeners for which no descriptor is left, in one line for all.
package actor ServiceHealthServers {
    package static let defaultRetryPeriod = Duration.seconds(30)

    private struct Listener: Hashable {
        let service: ServiceName
        let address: ListenAddress
    }

    /// The number of listeners in each state.
    package struct Counts: Sendable, Hashable {
        package var listening = 0
        /// Those that cannot listen: their port is in use, for example.
        package var failed = 0
        /// Those for which no descriptor is left.
        package var refused = 0

        package init(listening: Int = 0, failed: Int = 0, refused: Int = 0) {
            self.listening = listening
            self.failed = failed
            self.refused = refused
        }
    }

    /// Receives the number of listeners, and what cannot be served.
    package typealias Report = @Sendable (Counts, [UnservedHealthCheck]) -> Void

    private let health: HealthRecord
    private let retryPeriod: Duration
    private let shared: SharedResources
    private let report: Report
    private let logger: Logger
    private let board = ServiceHealthBoard()

    private var desired: [Listener] = []
    private var running: [Listener: Task<Void, Never>] = [:]
    private var failures: [Listener: ListenFailure] = [:]
    private var refused: Set<Listener> = []
    private var hasLoggedRefusals = false
    private var isRunning = false
    private var isReconciling = false
    private var needsAnotherRound = false

    /// What the listeners of all families have in common.
    package struct SharedResources: Sendable {
        let allowance: ListenerAllowance
        let table: ConnectionTable
        let refusals: HTTPRefusals

        /// - Parameter connections: the number of connections to all listeners together.
        package init(
            allowance: ListenerAllowance = ListenerAllowance(), connections: Int = 64, refusals: HTTPRefusals
        ) {
            self.allowance = allowance
            table = ConnectionTable(limit: connections)
            self.refusals = refusals
        }
    }

    /// - Parameters:
    ///   - retryPeriod: the time until a listener that failed is tried again.
    ///   - report: called when listeners have changed; must return soon.
    ///   - logger: receives a warning for each listener that fails.
    package init(
        health: HealthRecord, retryPeriod: Duration = defaultRetryPeriod, shared: SharedResources,
        report: @escaping Report = { _, _ in }, logger: Logger
    ) {
        self.health = health
        self.retryPeriod = retryPeriod
        self.shared = shared
        self.report = report
        self.logger = logger
    }

    /// Serves these Services from now on, and no others.
    ///
    /// - Parameters:
    ///   - services: all Services with a health check node port; see ``ServiceHealth/all(_:nodeName:)``.
    ///   - addresses: the node port addresses of the family; its wildcard for all.
    package func update(_ services: [ServiceHealth], addresses: [IPAddress]) async {
        board.replace(services)
        desired = services.flatMap { service in
            addresses.map { address in
                // Each family has listeners of its own, as kube-proxy has for tcp4 and tcp6.
                Listener(
                    service: service.service, address: ListenAddress(address, service.port, isIPv6Only: true))
            }
        }
        await reconcile()
    }

    /// Serves until the task is cancelled.
    package func run() async {
        isRunning = true
        await reconcile()
        while (try? await Task.sleep(for: retryPeriod)) != nil {
            if !failures.isEmpty || !refused.isEmpty { await reconcile() }
        }
        desired = []
        await reconcile()
        while isReconciling { await Task.yield() }
        isRunning = false
    }

    /// Starts and stops listeners until the desired ones run, or have failed; one round at a time.
    private func reconcile() async {
        guard isRunning else { return }
        needsAnotherRound = true
        guard !isReconciling else { return }
        isReconciling = true
        while needsAnotherRound {
            needsAnotherRound = false
            let goal = Set(desired)
            failures = failures.filter { goal.contains($0.key) }
            // First, because a port may move from one Service to another.
            await stop(running.keys.filter { !goal.contains($0) })
            refused = []
            shared.allowance.update()
            for listener in desired where running[listener] == nil {
                if shared.allowance.take() { await start(listener) } else { refused.insert(listener) }
            }
            logRefusals()
            report(Counts(listening: running.count, failed: failures.count, refused: refused.count), unserved)
        }
        isReconciling = false
    }

    private func stop(_ listeners: [Listener]) async {
        let tasks = listeners.compactMap { running.removeValue(forKey: $0) }
        for task in tasks { task.cancel() }
        for task in tasks {
            await task.value
            shared.allowance.giveBack()
        }
    }

    private func start(_ listener: Listener) async {
        let service = listener.service
        do {
            let server = try await HTTPServer.bind(
                listener.address, clients: .probes, table: shared.table, refusals: shared.refusals, logger: logger
            ) { [board, health] _ in
                board.health(of: service)?.answer(isProxyHealthy: health.report.isHealthy)
                    ?? .text("\(service) no longer has a health check\n", status: 503)
            }
            running[listener] = Task {
                await server.run()
                if !Task.isCancelled { self.ended(listener) }
            }
            if failures.removeValue(forKey: listener) != nil {
                logger.info("\(service): serving health checks on \(listener.address)")
            }
        } catch {
            shared.allowance.giveBack()
            guard failures.updateValue(error, forKey: listener) != error else { return }
            logger.warning(
                "\(service): health checks are not served: \(error); next attempt in \(retryPeriod)")
        }
    }

    private static let refusal =
        "the limit of open files leaves no descriptor for it: raise it (LimitNOFILE of the systemd unit, ulimit -n)"

    private var unserved: [UnservedHealthCheck] {
        desired.compactMap { listener in
            let reason = failures[listener]?.description ?? (refused.contains(listener) ? Self.refusal : nil)
            return reason.map {
                UnservedHealthCheck(service: listener.service, address: listener.address, reason: $0)
            }
        }
    }

    /// How many of the listeners that are refused the log names; `/problems` names all.
    private static let namedInLog = 10

    /// Logs that descriptors are lacking, and that they are no longer.
    private func logRefusals() {
        let examples = desired.lazy.filter(refused.contains).prefix(Self.namedInLog).map { listener in
            "\(listener.address.port) of \(listener.service)"
        }
        guard !examples.isEmpty else {
            if hasLoggedRefusals { logger.info("there are descriptors for all health check node ports again") }
            hasLoggedRefusals = false
            return
        }
        if hasLoggedRefusals { return }
        hasLoggedRefusals = true
        logger.warning(
            """
            \(refused.count) of \(desired.count) health check node ports are not served, among them \
            \(examples.joined(separator: ", ")): the limit of open files leaves no descriptors for them; raise it \
            (LimitNOFILE of the systemd unit, ulimit -n); next attempt in \(retryPeriod); /problems \
            lists all
            """)
    }

    /// The listener ended by itself: the next attempt shows the cause, if it remains.
    private func ended(_ listener: Listener) {
        running[listener] = nil
        shared.allowance.giveBack()
        failures[listener] = ListenFailure(listener.address, .other("the socket was closed"))
    }
}

/// The health of each Service, for listeners to read at any time.
private final class ServiceHealthBoard: Sendable {
    private let services = Mutex<[ServiceName: ServiceHealth]>([:])

    func replace(_ all: [ServiceHealth]) {
        services.withLock { $0 = Dictionary(all.map { ($0.service, $0) }, uniquingKeysWith: { $1 }) }
    }

    func health(of service: ServiceName) -> ServiceHealth? { services.withLock { $0[service] } }
}
