// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// A server that answers whatever it gets with bytes, as often as asked.
final class RawServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let request: Received

    /// What the first client has sent first.
    private final class Received: Sendable {
        let text = Mutex("")
    }

    /// - Parameters:
    ///   - answer: what is sent to each client after its first bytes.
    ///   - endless: what is sent after that again and again, until the client hangs up.
    init(answer: String, endless: String = "") async throws {
        let request = Received()
        let piece = String(repeating: endless, count: endless.isEmpty ? 0 : 8192 / endless.utf8.count)
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Answerer(answer: answer, piece: piece) { text in
                            request.text.withLock { if $0.isEmpty { $0 = text } }
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.request = request
    }

    var firstRequest: String { request.text.withLock(\.self) }

    func stop() async { try? await channel.close() }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String
        private let piece: String
        private let received: @Sendable (String) -> Void
        private var hasAnswered = false

        init(answer: String, piece: String, received: @escaping @Sendable (String) -> Void) {
            self.answer = answer
            self.piece = piece
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received(String(buffer: unwrapInboundIn(data)))
            guard !hasAnswered else { return }
            hasAnswered = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            goOn(context)
        }

        private func goOn(_ context: ChannelHandlerContext) {
            guard !piece.isEmpty else { return }
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            let handler = NIOLoopBound(self, eventLoop: context.value.eventLoop)
            context.value.writeAndFlush(wrapOutboundOut(ByteBuffer(string: piece))).whenSuccess {
                handler.value.goOn(context.value)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
