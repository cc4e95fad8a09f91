/// How much is told about the traffic of Services.
public enum TrafficDetail: String, Sendable, CaseIterable {
    /// Every service port, and every endpoint that has had traffic.
    case endpoints
    /// Every service port.
    case services
    /// Nothing; no counters are read.
    case off
}
