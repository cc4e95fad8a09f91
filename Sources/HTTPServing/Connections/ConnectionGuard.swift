// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The first handler of a connection's pipeline: enters the connection into the table, and closes it when the client does
/// not read, or does not stop sending after the last answer.
///
/// Hummingbird itself closes connections that are idle, or whose request does not end in time.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let server: Connections
    private var stall: Scheduled<Void>?
    /// When the first byte came that has not been answered.
    private var requestStart: NIODeadline?

    /// How long a client may take to close its side after the server has closed its own.
    ///
    /// Without this time the last answer would be lost: the kernel resets a connection with unread bytes.
    private static let lingerTime = TimeAmount.milliseconds(500)

    init(_ server: Connections) { self.server = server }

    func handlerAdded(context: ChannelHandlerContext) { server.add(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        stall?.cancel()
        server.table.remove(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if requestStart == nil { requestStart = .now() }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        requestStart = nil
        server.table.answered(context.channel)
        context.write(data, promise: promise)
    }

    /// Hummingbird closes its side after the last answer, and waits for the client to close the other.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else {
            if let requestStart, .now() >= requestStart + TimeAmount(server.limits.idleTime / 2) {
                server.note(.unfinishedRequest)
            }
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
