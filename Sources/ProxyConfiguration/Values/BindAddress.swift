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
        case .at(let address, let port): address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }
}

extension IPAddress {
    /// The address that stands for all of a family: 0.0.0.0 or ::.
    static func any(_ family: IPFamily) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6High: 0, low: 0)
    }

    /// Whether this stands for all addresses: 0.0.0.0 or ::.
    var isAny: Bool { self == .any(family) }
}

extension OptionParsing {
    /// Reads where to listen: `ADDRESS:PORT`, an IPv6 address in brackets, or an address alone; nothing for nowhere.
    public static func bindAddress(
        _ text: String, defaultPort: UInt16, option: String
    ) throws(OptionError) -> BindAddress {
        if text.isEmpty { return .none }
        if let address = IPAddress(text) { return .at(address, port: defaultPort) }
        if let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) {
            var host = text[..<colon]
            let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
            if isBracketed { host = host.dropFirst().dropLast() }
            if let address = IPAddress(String(host)), isBracketed == (address.family == .ipv6) {
                return .at(address, port: port)
            }
        }
        throw OptionError(
            option,
            "“\(text)” is nowhere to listen; write ADDRESS:PORT, as in 0.0.0.0:\(defaultPort) or [::]:\(defaultPort)")
    }
}
