import NetworkTypes

/// Where a server listens.
public struct ListenAddress: Sendable, Hashable {
    /// An address of this machine; `0.0.0.0` or `::` for all of them.
    public let address: IPAddress
    /// The TCP port; 0 lets the kernel choose one.
    public let port: UInt16
    /// Whether `::` means IPv6 only; by default it means both families, as in Go's `net.Listen`.
    public let isIPv6Only: Bool

    /// Names a place to listen at.
    public init(_ address: IPAddress, _ port: UInt16, isIPv6Only: Bool = false) {
        self.address = address
        self.port = port
        self.isIPv6Only = isIPv6Only
    }
}

extension ListenAddress: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets.
    public var description: String {
        address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
