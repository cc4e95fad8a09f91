// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// How the kernel notices that the other end of a connection is gone without a word: a machine that died, a table of
/// flows that was flushed on the way.
///
/// Nobody sends anything on a quiet watch for a minute, so the kernel asks: after 15 s of silence, then every 10 s. What it
/// sends and nobody acknowledges ends the connection after 30 s. Both together take at most 45 s; kube-proxy's HTTP/2
/// client pings after 30 s of silence and gives up 15 s later (kubernetes/kubernetes#95981).
enum ConnectionLiveness {
    private static let idleSeconds = 15
    private static let probeSeconds = 10
    private static let probeCount = 3
    private static let unacknowledgedMilliseconds = 30_000

    static func enable(on channel: any Channel) -> EventLoopFuture<Void> {
        let options: [(NIOBSDSocket.OptionLevel, Int32, Int)] = [
            (.socket, SO_KEEPALIVE, 1), (.tcp, TCP_KEEPIDLE, idleSeconds), (.tcp, TCP_KEEPINTVL, probeSeconds),
            (.tcp, TCP_KEEPCNT, probeCount), (.tcp, TCP_USER_TIMEOUT, unacknowledgedMilliseconds),
        ]
        let changes = options.map { level, name, value in
            channel.setOption(
                ChannelOptions.Types.SocketOption(level: level, name: .init(rawValue: name)),
                value: SocketOptionValue(value))
        }
        return EventLoopFuture.andAllSucceed(changes, on: channel.eventLoop)
    }
}
