// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NetworkTypes
import SystemPackage

/// A small HTTP/1.1 server for pages that clients read.
///
///     let server = try await HTTPServer.bind(ListenAddress(.loopback(.ipv4), 10249), logger: logger) { query in
///         query.path == "/healthz" ? .text("ok") : .notFound
///     }
///     await server.run()
///
/// Listening comes first, so that a port that is already in use is known before anything else starts.
package final class HTTPServer: Sendable {
    /// The request of a client, as far as pages depend on it.
    package struct Query: Sendable {
        /// A query parameter.
        package struct Parameter: Sendable, Hashable {
            package let name: String
            package let value: String

            package init(name: String, value: String) {
                self.name = name
                self.value = value
            }
        }

        /// The path, without query parameters.
        package let path: String
        /// The query parameters, in their order.
        package let parameters: [Parameter]
        /// The header `Accept`; empty if there is none.
        package let accept: String
        /// Whether the client resets what is at the path (DELETE), instead of reading it.
        package let isReset: Bool
        /// Whether the client is on this machine: its address is a loopback address, or the one that it connects to, or it
        /// has come through a Unix socket.
        package let isLocal: Bool
        /// Whether the client names this machine by an address or as `localhost`, or has come through a Unix socket: no script
        /// of a website that has pointed its own name here (DNS rebinding).
        package let isAddressedLocally: Bool

        package init(
            path: String, parameters: [Parameter] = [], accept: String = "", isReset: Bool = false,
            isLocal: Bool = true, isAddressedLocally: Bool = true
        ) {
            self.path = path
            self.parameters = parameters
            self.accept = accept
            self.isReset = isReset
            self.isLocal = isLocal
            self.isAddressedLocally = isAddressedLocally
        }
    }

    /// Answers a query; many connections call it at once.
    package typealias Respond = @Sendable (Query) async -> HTTPAnswer

    /// The kind of clients, which decides how they are treated.
    package enum Clients: Sendable {
        /// People and scrapers: GET and HEAD, no bodies, many requests on one connection.
        case readers
        /// Probes and load balancers: each is answered whatever it asks for, as kube-proxy does, and its connection is closed
        /// then. Some load balancers ask by OPTIONS in HTTP/1.0, and wait for the end of the connection. A thread of its own
        /// answers them (``ProbeThread``).
        case probes

        fileprivate var group: MultiThreadedEventLoopGroup { self == .probes ? ProbeThread.group : .singleton }
        fileprivate var executor: EventLoopExecutor? { self == .probes ? ProbeThread.executor : nil }
    }

    /// Where it listens; a port is the real one, also if the kernel chose it.
    package let place: ListenPlace
    private let listener: any Channel
    private let connections: Connections
    private let logger: Logger
    /// The file of a server on a Unix socket.
    private let file: SocketFile?

    private static let pendingConnections: CInt = 128
    /// What the kernel keeps for a client that does not read, in bytes; by itself it would keep some megabytes.
    private static let sendBuffer: CInt = 256 << 10
    /// How long answers may still be sent when the server stops.
    private static let lastAnswersTime = Duration.seconds(1)

    private init(
        _ place: ListenPlace, _ listener: any Channel, _ connections: Connections, _ logger: Logger,
        file: SocketFile? = nil
    ) {
        self.place = place
        self.listener = listener
        self.connections = connections
        self.logger = logger
        self.file = file
    }

    /// The address in use; of a server on a Unix socket the unspecified one.
    package var address: ListenAddress {
        if case .address(let address) = place { address } else { ListenAddress(.any(.ipv4), 0) }
    }

    /// Listens and answers; call ``run()`` or ``close()`` afterwards.
    ///
    /// - Parameters:
    ///   - table: the table of connections that this server shares with others; by default it has one of its own, with the
    ///     limit of `limits`.
    ///   - refusals: logs and counts the clients that are refused.
    ///   - resettable: the paths that readers may ask for by DELETE as well.
    ///   - logger: receives the failures of connections, at level debug and below.
    package static func bind(
        _ address: ListenAddress, clients: Clients = .readers, limits: HTTPLimits = HTTPLimits(),
        table: ConnectionTable? = nil, refusals: HTTPRefusals? = nil, resettable: Set<String> = [], logger: Logger,
        respond: @escaping Respond
    ) async throws(ListenFailure) -> HTTPServer {
        let connections = Connections(
            table: table ?? ConnectionTable(limit: limits.connections), tasks: ConnectionTasks(on: clients.executor),
            limits: limits, refusals: refusals ?? HTTPRefusals(logger), place: .address(address),
            resettable: resettable)
        do {
            let listener = try await bootstrap(clients.group, connections, ipv6Only: address.onlyIPv6)
                .childChannelInitializer(serving(clients, connections, logger, respond))
                .bind(to: SocketAddress(ipAddress: "\(address.address)", port: Int(address.port)))
                .get()
            let port = listener.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? address.port
            let real = ListenAddress(address.address, port, isIPv6Only: address.isIPv6Only)
            return HTTPServer(.address(real), listener, connections, logger)
        } catch let error as IOError {
            throw ListenFailure(address, Errno(rawValue: error.errnoCode))
        } catch {
            throw ListenFailure(address, .other("\(error)"))
        }
    }

    /// Listens on a Unix socket, which only the user of this process can connect to, and answers.
    ///
    /// What a process that has ended left at the path is replaced, and the folder of the path is made if it is missing. The
    /// file is removed when the server stops.
    ///
    /// - Throws: ``SocketFailure``.
    package static func bind(
        socketPath path: String, limits: HTTPLimits = HTTPLimits(), refusals: HTTPRefusals? = nil,
        resettable: Set<String> = [], logger: Logger, respond: @escaping Respond
    ) async throws(SocketFailure) -> HTTPServer {
        let connections = Connections(
            table: ConnectionTable(limit: limits.connections), tasks: ConnectionTasks(), limits: limits,
            refusals: refusals ?? HTTPRefusals(logger), place: .socket(path: path), resettable: resettable)
        let file = try SocketFile(path: path, backlog: pendingConnections)
        do {
            let listener = try await bootstrap(.singleton, connections, ipv6Only: nil)
                .childChannelInitializer(serving(.readers, connections, logger, respond))
                .withBoundSocket(file.descriptor)
                .get()
            return HTTPServer(connections.place, listener, connections, logger, file: file)
        } catch {
            file.remove()
            throw SocketFailure(path, (error as? IOError).map { Errno(rawValue: $0.errnoCode) } ?? .ioError)
        }
    }

    /// Serves each new connection.
    private static func serving(
        _ clients: Clients, _ connections: Connections, _ logger: Logger, _ respond: @escaping Respond
    ) -> @Sendable (any Channel) -> EventLoopFuture<Void> {
        { channel in
            channel.eventLoop
                .makeCompletedFuture {
                    let handlers = ConnectionHandlers(connections)
                    try channel.pipeline.syncOperations.addHandlers(handlers.first)
                    return NIOLoopBound(handlers, eventLoop: channel.eventLoop)
                }
                .flatMap { handlers in
                    let heads = handlers.value.heads
                    let http = Self.http(connections) { request, writer, channel in
                        try await PageRequest(request, heads.next(), channel, of: connections)
                            .answer(clients, writer, respond)
                    }
                    return http.setup(channel: channel, logger: logger).flatMapThrowing { connection in
                        handlers.value.start.serve { @Sendable in
                            await http.handle(value: connection, logger: logger)
                        }
                        try handlers.value.addBehindParser(of: channel)
                    }
                }
        }
    }

    private static func http(
        _ connections: Connections, _ responder: @escaping HTTP1Channel.Responder
    ) -> HTTP1Channel {
        let limits = connections.limits
        return HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(
                idleTimeout: TimeAmount(limits.idleTime),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: limits.headerCount)))
    }

    /// - Parameter ipv6Only: whether an IPv6 address means IPv6 only; `nil` for anything but an IPv6 address.
    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ connections: Connections, ipv6Only: Bool?
    ) -> ServerBootstrap {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pause = AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
                        pauseOfAccepting(error, connections)
                    }
                    try channel.pipeline.syncOperations.addHandler(pause)
                }
            }
            .serverChannelOption(.backlog, value: pendingConnections)
            // A server that is restarted must not wait until the kernel forgets its old connections.
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_sndbuf), value: .init(sendBuffer))
        guard let ipv6Only else { return bootstrap }
        return bootstrap.serverChannelOption(
            ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: ipv6Only ? 1 : 0)
    }

    /// Without a pause, a connection that cannot be accepted would be reported by the kernel again at once, for ever.
    private static func pauseOfAccepting(_ error: IOError, _ connections: Connections) -> TimeAmount? {
        switch Errno(rawValue: error.errnoCode) {
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory:
            connections.note(.noDescriptors)
            return .milliseconds(500)
        default:
            return nil
        }
    }

    /// Answers until the task is cancelled; answers that are on their way then have a second to be sent.
    package func run() async {
        await withTaskCancellationHandler {
            // Never fails, and does not depend on the task's cancellation.
            try? await listener.closeFuture.get()
            if !Task.isCancelled { logger.error("no longer listening on \(place): the socket was closed") }
            await connections.tasks.end()
        } onCancel: {
            file?.remove()
            listener.close(promise: nil)
            // Clients that do not read to the end must not delay the end.
            Task { [connections] in
                try? await Task.sleep(for: Self.lastAnswersTime)
                connections.closeAll()
            }
        }
    }

    /// Stops listening and answering: instead of ``run()``, not while it runs.
    package func close() async {
        file?.remove()
        try? await listener.close()
        await connections.tasks.end()
    }
}

extension ListenAddress {
    /// Whether an IPv6 address means IPv6 only; `nil` for IPv4.
    fileprivate var onlyIPv6: Bool? { address.family == .ipv6 ? isIPv6Only : nil }
}
