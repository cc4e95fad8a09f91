// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Starts to serve a connection once it is active: NIO traps when a connection that is not registered yet is closed for
/// writing.
final class ConnectionStart: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tasks: ConnectionTasks
    private var serve: (@Sendable () async -> Void)?
    private var isDue = false

    init(_ tasks: ConnectionTasks) { self.tasks = tasks }

    /// Sets how to serve; `body` is called in any case, because it must end what has been prepared for it.
    func serve(_ body: @escaping @Sendable () async -> Void) {
        serve = body
        if isDue { start() }
    }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    /// Also serves a connection that never became active: `serve` finds it closed.
    func handlerRemoved(context: ChannelHandlerContext) { start() }

    private func start() {
        isDue = true
        if let serve = serve.take() { tasks.start(serve) }
    }
}
