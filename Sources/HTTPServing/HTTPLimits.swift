/// What clients of a server may take, so that none of them can keep others waiting.
public struct HTTPLimits: Sendable {
    /// How many bytes the path, one header, and all headers together may each have.
    public var headerBytes: Int
    /// How many headers a request may have.
    public var headerCount: Int
    /// How many connections there may be; one more closes that which has waited longest.
    public var connections: Int
    /// How long a connection may be idle, a request may take to arrive, and an answer to be read.
    public var idleTime: Duration

    /// Sets limits; the defaults suit probes and scrapers.
    public init(
        headerBytes: Int = 16 << 10, headerCount: Int = 64, connections: Int = 64, idleTime: Duration = .seconds(60)
    ) {
        self.headerBytes = headerBytes
        self.headerCount = headerCount
        self.connections = connections
        self.idleTime = idleTime
    }
}
