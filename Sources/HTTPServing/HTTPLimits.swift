// SPDX-License-Identifier: Apache-2.0

/// What the clients of a server may use, so that no client can keep others waiting.
package struct HTTPLimits: Sendable {
    /// The most bytes that the path, one header, and all headers together may each have.
    package var headerBytes: Int
    /// The most headers that a request may have.
    package var headerCount: Int
    /// The most connections at a time; one more closes the connection that has waited longest.
    package var connections: Int
    /// How long a connection may be idle, and a client may leave an answer unread.
    package var idleTime: Duration
    /// How long a request may take to arrive, from its first byte to its last.
    package var requestTime: Duration
    /// How long a client may take to read an answer, however steadily it reads.
    package var answerTime: Duration

    /// The defaults suit probes and scrapers.
    package init(
        headerBytes: Int = 16 << 10, headerCount: Int = 64, connections: Int = 64, idleTime: Duration = .seconds(60),
        requestTime: Duration = .seconds(10), answerTime: Duration = .seconds(300)
    ) {
        self.headerBytes = headerBytes
        self.headerCount = headerCount
        self.connections = connections
        self.idleTime = idleTime
        self.requestTime = requestTime
        self.answerTime = answerTime
    }
}
