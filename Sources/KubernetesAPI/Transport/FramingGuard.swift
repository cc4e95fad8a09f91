// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Ends a connection whose server sends and sends without any part of an answer: a chunk's size or extension without an end
/// is not bounded by the parser, and keeps it busy.
///
/// One handler before the parser counts bytes, one behind it starts the count again with each part of an answer.
enum FramingGuard {
    /// More than the head of any answer, and than any piece that the network delivers at once.
    static let limit = 512 << 10

    /// Adds both handlers around the parser of HTTP/1.1.
    static func enable(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            let count = ByteCount()
            try pipeline.addHandler(ByteCounter(count), position: .before(parser))
            try pipeline.addHandler(PartObserver(count), position: .after(parser))
        }
    }

    /// Bytes since the last part; used on the event loop of the channel alone.
    fileprivate final class ByteCount {
        var value = 0
    }
}

private final class ByteCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let count: FramingGuard.ByteCount

    init(_ count: FramingGuard.ByteCount) { self.count = count }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count.value += unwrapInboundIn(data).readableBytes
        let isOver = count.value > FramingGuard.limit
        context.fireChannelRead(data)
        // The parser may have made parts of what it just got.
        if isOver, count.value > FramingGuard.limit {
            context.fireErrorCaught(
                APIFailure.invalidAnswer("\(FramingGuard.limit >> 10) KiB without any part of an answer"))
            context.close(promise: nil)
        }
    }
}

private final class PartObserver: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private let count: FramingGuard.ByteCount

    init(_ count: FramingGuard.ByteCount) { self.count = count }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // 100 Continue can come again and again as well.
        if case .head(let head) = unwrapInboundIn(data), (100..<200).contains(head.status.code) {
            return context.fireChannelRead(data)
        }
        count.value = 0
        context.fireChannelRead(data)
    }
}
