import NIOCore

/// Lets a connection be served once it is active: NIO traps when one is closed for writing that is not registered yet.
final class ConnectionStart: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tasks: ConnectionTasks
    private var serve: (@Sendable () async -> Void)?
    private var isDue = false

    init(_ tasks: ConnectionTasks) { self.tasks = tasks }

    /// Tells how to serve; is called in any case, because what has been prepared for that must be ended by it.
    func serve(_ body: @escaping @Sendable () async -> Void) {
        serve = body
        if isDue { start() }
    }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    /// A connection that never became active finds itself closed.
    func handlerRemoved(context: ChannelHandlerContext) { start() }

    private func start() {
        isDue = true
        if let serve = serve.take() { tasks.start(serve) }
    }
}
