import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NetworkTypes

/// A small HTTP/1.1 server for pages that are read: GET and HEAD, no bodies.
///
///     let server = try await HTTPServer.bind(ListenAddress(.loopback(.ipv4), 10249), logger: logger) { query in
///         query.path == "/healthz" ? .text("ok") : .notFound
///     }
///     await server.run()
///
/// Listening comes first, so that a port that is taken is known before anything else starts.
public final class HTTPServer: Sendable {
    /// What a client asks for.
    public struct Query: Sendable {
        /// The path, without query parameters.
        public let path: String

        /// Makes a query.
        public init(path: String) { self.path = path }
    }

    /// Answers a query; is called by many connections at once.
    public typealias Respond = @Sendable (Query) async -> HTTPAnswer

    /// Where it listens; the port is the real one, also if the kernel chose it.
    public let address: ListenAddress
    private let listener: NIOAsyncChannel<HTTP1Channel.Value, Never>
    private let http: HTTP1Channel
    private let connections: ConnectionTable
    private let logger: Logger

    private static let pendingConnections: CInt = 128
    /// How long answers may still be sent when the server stops.
    private static let lastAnswersTime = Duration.seconds(1)

    private init(
        _ address: ListenAddress, _ listener: NIOAsyncChannel<HTTP1Channel.Value, Never>, _ http: HTTP1Channel,
        _ connections: ConnectionTable, _ logger: Logger
    ) {
        self.address = address
        self.listener = listener
        self.http = http
        self.connections = connections
        self.logger = logger
    }

    /// Begins to listen; nobody is answered before ``run()``.
    ///
    /// Call ``run()`` or ``close()`` afterwards.
    ///
    /// - Parameters:
    ///   - address: where to listen.
    ///   - limits: what clients may take.
    ///   - logger: is told what goes wrong with connections, at level debug and below.
    ///   - respond: answers.
    /// - Throws: ``ServerFailure`` if it cannot listen there.
    public static func bind(
        _ address: ListenAddress, limits: HTTPLimits = HTTPLimits(), logger: Logger, respond: @escaping Respond
    ) async throws(ServerFailure) -> HTTPServer {
        let connections = ConnectionTable(limit: limits.connections)
        let http = HTTP1Channel(
            responder: { request, writer, _ in try await PageRequest(request).answer(writer, respond) },
            configuration: HTTP1Channel.Configuration(
                idleTimeout: TimeAmount(limits.idleTime),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: limits.headerCount)))
        do {
            let listener = try await bootstrap(address)
                .bind(to: SocketAddress(ipAddress: "\(address.address)", port: Int(address.port))) { channel in
                    channel.eventLoop
                        .makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(
                                ConnectionGuard(connections, readingTime: limits.idleTime))
                        }
                        .flatMap { http.setup(channel: channel, logger: logger) }
                }
            let port = listener.channel.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? address.port
            let real = ListenAddress(address.address, port, isIPv6Only: address.isIPv6Only)
            return HTTPServer(real, listener, http, connections, logger)
        } catch let error as IOError {
            throw ServerFailure(address, errorNumber: error.errnoCode)
        } catch {
            throw ServerFailure(address, .other("\(error)"))
        }
    }

    private static func bootstrap(_ address: ListenAddress) -> ServerBootstrap {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: pendingConnections)
            // A server that starts again must not wait until the kernel forgets its old connections.
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        guard address.address.family == .ipv6 else { return bootstrap }
        return bootstrap.serverChannelOption(
            ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: address.isIPv6Only ? 1 : 0)
    }

    /// Answers until the task is cancelled; what is being answered then gets a second to be sent.
    public func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                do {
                    try await listener.executeThenClose { arriving in
                        for try await connection in arriving {
                            group.addTask { [http, logger] in await http.handle(value: connection, logger: logger) }
                        }
                    }
                } catch is CancellationError {
                    // As asked for.
                } catch {
                    logger.error("\(address) is not listened on any longer: \(error)")
                }
            }
        } onCancel: {
            // Nobody waits for clients that do not read to the end.
            Task { [connections] in
                try? await Task.sleep(for: Self.lastAnswersTime)
                connections.closeAll()
            }
        }
    }

    /// Stops listening without having answered anybody: instead of ``run()``, not during it.
    public func close() async { try? await listener.executeThenClose { _ in } }
}
