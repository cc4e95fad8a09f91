import NetworkTypes

/// Where a server of the program listens.
public enum BindAddress: Sendable, Hashable {
    /// Nowhere: there is no such server.
    case none
    /// At an address, `0.0.0.0` or `::` for all, and a TCP port.
    case at(IPAddress, port: UInt16)

    /// The port that kube-proxy answers probes on.
    public static let healthzPort: UInt16 = 10256
    /// The port that kube-proxy serves metrics on.
    public static let metricsPort: UInt16 = 10249
    /// Where probes are answered if nothing is said: everywhere, as load balancers ask from outside.
    static func standardHealthz(_ family: IPFamily) -> BindAddress { .at(.any(family), port: healthzPort) }
    /// Where metrics are served if nothing is said: on this machine only.
    static func standardMetrics(_ family: IPFamily) -> BindAddress { .at(.loopback(family), port: metricsPort) }
}

extension BindAddress: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets; empty for nowhere.
    public var description: String {
        switch self {
        case .none: ""
        case .at(let address, let port): AddressPort(address, port).description
        }
    }
}

extension OptionParsing {
    /// Reads where to listen: `ADDRESS:PORT`, an IPv6 address in brackets, or an address alone; nothing for nowhere.
    public static func bindAddress(
        _ text: String, defaultPort: UInt16, option: String
    ) throws(OptionError) -> BindAddress {
        if text.isEmpty { return .none }
        if let address = IPAddress(text) { return .at(address, port: defaultPort) }
        if let end = AddressPort(text) { return .at(end.address, port: end.port) }
        throw OptionError(
            option,
            "“\(text)” is nowhere to listen; write ADDRESS:PORT, as in 0.0.0.0:\(defaultPort) or [::]:\(defaultPort)")
    }
}
