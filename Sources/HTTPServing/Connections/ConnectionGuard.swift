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

    private let table: ConnectionTable
    private let readingTime: Duration
    private var stall: Scheduled<Void>?

    /// How long a client may take to close its side after the server has closed its own.
    ///
    /// Without this time the last answer would be lost: the kernel resets a connection with unread bytes.
    private static let lingerTime = TimeAmount.milliseconds(500)

    init(_ table: ConnectionTable, readingTime: Duration) {
        self.table = table
        self.readingTime = readingTime
    }

    func handlerAdded(context: ChannelHandlerContext) { table.add(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        stall?.cancel()
        table.remove(context.channel)
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        table.answered(context.channel)
        context.write(data, promise: promise)
    }

    /// Hummingbird closes its side after the last answer, and waits for the client to close the other.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
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
            let channel = context.channel
            stall = context.eventLoop.scheduleTask(in: TimeAmount(readingTime)) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }
}
