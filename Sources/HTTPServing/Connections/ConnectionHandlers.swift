// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Our handlers of a connection, which know each other; the parser is Hummingbird's.
struct ConnectionHandlers {
    /// The heads of its requests.
    let heads = RequestHeads()
    let start: ConnectionStart
    private let connectionGuard: ConnectionGuard
    private let headHandler: RequestHeadHandler

    init(_ connections: Connections) {
        let connectionGuard = ConnectionGuard(connections)
        self.connectionGuard = connectionGuard
        start = ConnectionStart(connections.tasks)
        headHandler = RequestHeadHandler(heads, of: connections) { connectionGuard.requestEnded() }
    }

    /// Those that come first, ahead of the parser.
    var first: [any ChannelHandler] { [connectionGuard, start] }

    /// Adds the one behind the parser, ahead of what makes other types of its parts.
    func addBehindParser(of channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(headHandler, position: .after(parser))
    }
}
