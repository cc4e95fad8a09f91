// SPDX-License-Identifier: Apache-2.0

import Documents
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
        case .at(let address, let port): AddressPort(address, port).description
        }
    }
}

extension OptionParsing {
    /// `ADDRESS:PORT`, an IPv6 address in brackets, or an address alone; empty for none.
    static func bindAddress(
        _ text: String, defaultPort: UInt16, option: String
    ) throws(OptionError) -> BindAddress {
        if text.isEmpty { return .none }
        if let address = IPAddress(text) { return .at(address, port: defaultPort) }
        if let end = AddressPort(text) { return .at(end.address, port: end.port) }
        throw OptionError(
            option,
            "cannot listen on \(MessageText.quoted(text)): must be ADDRESS:PORT, for example 0.0.0.0:\(defaultPort) or "
                + "[::]:\(defaultPort)")
    }
}
