import NetworkTypes

/// The address and port that a server of the program listens on.
package enum BindAddress: Sendable, Hashable {
    /// None: the server is disabled.
    case none
    /// An address, `0.0.0.0` or `::` for all, and a TCP port.
    case at(IPAddress, port: UInt16)

    /// kube-proxy's port for probes.
    package static let healthzPort: UInt16 = 10256
    /// kube-proxy's port for metrics.
    package static let metricsPort: UInt16 = 10249
    /// All addresses, since load balancers probe from outside.
    static func defaultHealthz(_ family: IPFamily) -> BindAddress { .at(.any(family), port: healthzPort) }
    /// This machine only.
    static func defaultMetrics(_ family: IPFamily) -> BindAddress { .at(.loopback(family), port: metricsPort) }
}

extension BindAddress: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets; empty for none.
    package var description: String {
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
    /// `ADDRESS:PORT`, an IPv6 address in brackets, or an address alone; empty for none.
    static func bindAddress(
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
            "cannot listen on \"\(text)\": must be ADDRESS:PORT, for example 0.0.0.0:\(defaultPort) or "
                + "[::]:\(defaultPort)")
    }
}
