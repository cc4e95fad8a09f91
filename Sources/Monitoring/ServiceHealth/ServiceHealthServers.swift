import KubernetesObjects
import Logging
import NetworkTypes
import Synchronization

/// Listens on the health check node ports of Services, for one family, and tells load balancers what the node can serve.
///
/// Each Service has a listener of its own on each node port address. One that cannot listen is told about once and tried
/// again every `retryPeriod`; it keeps no other from serving.
public actor ServiceHealthServers {
    /// After what time a listener that failed is tried again, by default.
    public static let defaultRetryPeriod = Duration.seconds(30)

    /// One listener.
    private struct Listener: Hashable {
        let service: ObjectName
        let address: ListenAddress
    }

    private let health: HealthRecord
    private let retryPeriod: Duration
    private let limits: HTTPLimits
    private let logger: Logger
    private let board = ServiceHealthBoard()

    private var wanted: [Listener] = []
    private var running: [Listener: Task<Void, Never>] = [:]
    private var failures: [Listener: ServerFailure] = [:]
    private var isRunning = false
    private var isReconciling = false
    private var needsAnotherRound = false

    /// Serves nothing yet.
    ///
    /// - Parameters:
    ///   - health: knows whether the proxy keeps up.
    ///   - retryPeriod: after what time a listener that failed is tried again.
    ///   - limits: what clients of each listener may take.
    ///   - logger: gets a warning for each listener that fails.
    public init(
        health: HealthRecord, retryPeriod: Duration = defaultRetryPeriod,
        limits: HTTPLimits = HTTPLimits(connections: 32), logger: Logger
    ) {
        self.health = health
        self.retryPeriod = retryPeriod
        self.limits = limits
        self.logger = logger
    }

    /// Takes over all Services with a health check node port, as they are now.
    ///
    /// - Parameters:
    ///   - services: the Services; see ``ServiceHealth/all(_:nodeName:)``.
    ///   - addresses: the node port addresses of the family; its wildcard for all.
    public func update(_ services: [ServiceHealth], addresses: [IPAddress]) async {
        board.replace(services)
        wanted = services.flatMap { service in
            addresses.map { address in
                // Each family listens for itself, as kube-proxy does with tcp4 and tcp6.
                Listener(
                    service: service.service, address: ListenAddress(address, service.port, isIPv6Only: true))
            }
        }
        await reconcile()
    }

    /// Serves until the task is cancelled.
    public func run() async {
        isRunning = true
        await reconcile()
        while (try? await Task.sleep(for: retryPeriod)) != nil {
            if !failures.isEmpty { await reconcile() }
        }
        wanted = []
        await reconcile()
        while isReconciling { await Task.yield() }
        isRunning = false
    }

    /// Starts and stops listeners until they are as wanted, or failed; one round at a time.
    private func reconcile() async {
        guard isRunning else { return }
        needsAnotherRound = true
        guard !isReconciling else { return }
        isReconciling = true
        while needsAnotherRound {
            needsAnotherRound = false
            let goal = Set(wanted)
            failures = failures.filter { goal.contains($0.key) }
            // First, for a port may go from one Service to another.
            await stop(running.keys.filter { !goal.contains($0) })
            for listener in wanted where running[listener] == nil { await start(listener) }
        }
        isReconciling = false
    }

    private func stop(_ listeners: [Listener]) async {
        let tasks = listeners.compactMap { running.removeValue(forKey: $0) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func start(_ listener: Listener) async {
        let service = listener.service
        do {
            let server = try await HTTPServer.bind(listener.address, clients: .probes, limits: limits, logger: logger) {
                [board, health] _ in
                board.health(of: service)?.answer(isProxyHealthy: health.report.isHealthy)
                    ?? .text("\(service) has no health checks any longer\n", status: 503)
            }
            running[listener] = Task {
                await server.run()
                if !Task.isCancelled { self.ended(listener) }
            }
            if failures.removeValue(forKey: listener) != nil {
                logger.info("\(service): health checks on \(listener.address) are answered now")
            }
        } catch {
            guard failures.updateValue(error, forKey: listener) != error else { return }
            logger.warning(
                "\(service): health checks are not answered: \(error); the next try is in \(retryPeriod)")
        }
    }

    /// Nobody stopped it: the next try will tell what is wrong, if it still is.
    private func ended(_ listener: Listener) {
        running[listener] = nil
        failures[listener] = ServerFailure(listener.address, .other("the socket was closed"))
    }
}

/// What is known of each Service, for listeners to read at any time.
private final class ServiceHealthBoard: Sendable {
    private let services = Mutex<[ObjectName: ServiceHealth]>([:])

    func replace(_ all: [ServiceHealth]) {
        services.withLock { $0 = Dictionary(all.map { ($0.service, $0) }, uniquingKeysWith: { $1 }) }
    }

    func health(of service: ObjectName) -> ServiceHealth? { services.withLock { $0[service] } }
}
