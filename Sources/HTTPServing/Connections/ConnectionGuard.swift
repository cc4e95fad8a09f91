// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The first handler of a connection's pipeline: enters the connection into the table, and closes it when the client does
/// not read, does not send a request to its end, or does not stop sending after the last answer.
///
/// Hummingbird itself closes connections that are idle.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let server: Connections
    private var stall: Scheduled<Void>?
    private var arrival: RequestArrival
    private var arrivalCheck: Scheduled<Void>?
    /// Whether bytes are asked for: they are not while answers wait for the client to read.
    private var isReading = false

    /// How long a client may take to close its side after the server has closed its own.
    ///
    /// Without this time the last answer would be lost: the kernel resets a connection with unread bytes.
    private static let lingerTime = TimeAmount.milliseconds(500)

    init(_ server: Connections) {
        self.server = server
        arrival = RequestArrival(limit: min(server.limits.requestTime, server.limits.idleTime))
    }

    func handlerAdded(context: ChannelHandlerContext) { server.add(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        stall?.cancel()
        arrivalCheck?.cancel()
        server.table.remove(context.channel)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        isReading = true
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = false
        arrival.begin(unwrapInboundIn(data).readableBytesView, at: .now())
        context.fireChannelRead(data)
        arrival.end(at: .now())
        checkArrival(context)
    }

    /// Called by the parser, within the reading of the last bytes of a request.
    func requestEnded() { arrival.noteEnd() }

    /// Closes the connection if the request does not arrive in time, unless this side has stopped to read it.
    private func checkArrival(_ context: ChannelHandlerContext) {
        guard let deadline = arrival.deadline, arrivalCheck == nil else { return }
        arrivalCheck = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            arrivalCheck = nil
            guard context.channel.isActive else { return }
            if !isReading { arrival.restart(at: .now()) }
            if arrival.isOverdue(at: .now()) { context.channel.close(promise: nil) } else { checkArrival(context) }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        server.table.answered(context.channel)
        context.write(data, promise: promise)
    }

    /// Hummingbird closes its side after the last answer, and waits for the client to close the other.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else {
            if arrival.isLate(at: .now()) { server.note(.unfinishedRequest) }
            return context.close(mode: mode, promise: promise)
        }
        let channel = context.channel
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in
            channel.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
        }
        context.close(mode: mode, promise: sent)
    }

    /// An answer that the client does not read fills the socket, and then the channel.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            let (server, channel) = (server, context.channel)
            stall = context.eventLoop.scheduleTask(in: TimeAmount(server.limits.idleTime)) {
                server.note(.unreadAnswer)
                channel.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }
}
