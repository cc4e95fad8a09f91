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
    public static let defaultHealthz = BindAddress.at(IPAddress(ipv4: 0), port: healthzPort)
    /// Where metrics are served if nothing is said: on this machine only.
    public static let defaultMetrics = BindAddress.at(.loopback(.ipv4), port: metricsPort)
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
