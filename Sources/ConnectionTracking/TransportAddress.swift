import NetworkTypes

/// An address and a port: one end of a flow.
public struct TransportAddress: Hashable, Sendable {
    /// The address.
    public var address: IPAddress
    /// The port, 0–65535.
    public var port: UInt16

    /// Puts an address and a port together.
    public init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension TransportAddress: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets.
    public var description: String {
        switch address.family {
        case .ipv4: "\(address):\(port)"
        case .ipv6: "[\(address)]:\(port)"
        }
    }
}
