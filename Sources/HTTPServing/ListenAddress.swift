// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// An address and TCP port of this machine that a server listens on.
package struct ListenAddress: Sendable, Hashable {
    /// An address of this machine; `0.0.0.0` or `::` for all of them.
    package let address: IPAddress
    /// The TCP port; 0 lets the kernel choose one.
    package let port: UInt16
    /// Whether `::` means IPv6 only; by default it means both families, as in Go's `net.Listen`.
    package let isIPv6Only: Bool

    package init(_ address: IPAddress, _ port: UInt16, isIPv6Only: Bool = false) {
        self.address = address
        self.port = port
        self.isIPv6Only = isIPv6Only
    }
}

extension ListenAddress: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets.
    package var description: String { AddressPort(address, port).description }
}
