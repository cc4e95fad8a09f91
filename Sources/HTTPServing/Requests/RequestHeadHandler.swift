// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// The handler behind the parser of requests: keeps their heads, and puts into words what the parser refuses.
final class RequestHeadHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let heads: RequestHeads
    private let limits: HTTPLimits
    private let needsHost: Bool
    private let onEnd: () -> Void
    /// What is wrong with the request that the parser has refused; nothing is read after it.
    private var fault: String?

    /// - Parameter onEnd: called when a request has arrived completely.
    init(_ heads: RequestHeads, of server: Connections, onEnd: @escaping () -> Void) {
        self.heads = heads
        limits = server.limits
        needsHost = !server.place.isSocket
        self.onEnd = onEnd
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): heads.append(RequestHead(head, needsHost: needsHost))
        case .end: onEnd()
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { fault = text(error) }
        context.fireErrorCaught(error)
    }

    /// Hummingbird answers 400 without a body.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let fault, case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headers["Content-Length"] == ["0"]
        else { return context.write(data, promise: promise) }
        let body = ByteBuffer(string: fault + "\n")
        head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.readableBytes)")
        head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        head.headers.add(name: "X-Content-Type-Options", value: "nosniff")
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }

    private func text(_ error: HTTPParserError) -> String {
        switch error {
        case .headerOverflow:
            "the request is too large: its path and all its headers may have up to \(limits.headerBytes) bytes each, and "
                + "there may be up to \(limits.headerCount) headers"
        case .invalidVersion: "unsupported version of HTTP (supported: 1.0, 1.1)"
        default: "invalid HTTP request"
        }
    }
}
