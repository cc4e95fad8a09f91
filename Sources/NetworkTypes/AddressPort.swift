// SPDX-License-Identifier: Apache-2.0

/// An address and a port: one end of a connection, or where a server listens.
public struct AddressPort: Hashable, Sendable {
    /// The address.
    public var address: IPAddress
    /// The port, 0–65535; 0 where the kernel chooses one.
    public var port: UInt16

    /// The pair of `address` and `port`.
    public init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `ADDRESS:PORT`; an IPv6 address must have brackets, an IPv4 address must not.
    ///
    /// The address is read as ``IPAddress/init(_:)`` reads it, the port as a decimal number without a sign.
    ///
    /// - Returns: `nil` for any other text.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        var host = text[..<colon]
        let hasBrackets = host.hasPrefix("[") && host.hasSuffix("]")
        if hasBrackets { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(host), hasBrackets == (address.family == .ipv6),
            digits.utf8.first != UInt8(ascii: "+"), let port = UInt16(digits)
        else { return nil }
        self.init(address, port)
    }
}

extension AddressPort: CustomStringConvertible {
    /// `ADDRESS:PORT`, an IPv6 address in brackets (RFC 3986, section 3.2.2).
    public var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(48)
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends ``description`` as ASCII bytes; for writers of many.
    public func appendText(to bytes: inout [UInt8]) {
        if address.family == .ipv6 { bytes.append(UInt8(ascii: "[")) }
        address.appendText(to: &bytes)
        if address.family == .ipv6 { bytes.append(UInt8(ascii: "]")) }
        bytes.append(UInt8(ascii: ":"))
        bytes.appendDecimal(port)
    }
}
