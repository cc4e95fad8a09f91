// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A condition on an address as the kernel has it: any mask, holes included.
public struct MaskedAddress: Hashable, Sendable {
    /// The address under the mask.
    public var address: AddressBits
    /// The bits of the address that count.
    public var mask: AddressBits
    /// Whether the address must be another one (`!`).
    public var isInverted: Bool

    /// Requires an address that is `address` in the bits of `mask` or, inverted, is not.
    public init(_ address: AddressBits, mask: AddressBits, isInverted: Bool = false) {
        self.address = address
        self.mask = mask
        self.isInverted = isInverted
    }

    /// Whether an address meets the condition; never, if it is of another family.
    public func matches(_ address: IPAddress, family: IPFamily) -> Bool {
        guard address.family == family else { return false }
        let isEqual =
            (address.high ^ self.address.high) & mask.high == 0 && (address.low ^ self.address.low) & mask.low == 0
        return isEqual != isInverted
    }

    /// The condition in our language; `nil` for a mask with holes, or an address that our language does not have.
    func addressMatch(_ family: IPFamily) -> AddressMatch? {
        let address =
            switch family {
            case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low))
            case .ipv6: IPAddress(ipv6High: address.high, low: address.low)
            }
        guard address.family == family, let prefixLength = mask.prefixLength(family) else { return nil }
        return AddressMatch(CIDR(address, prefixLength: prefixLength), isInverted: isInverted)
    }

    /// The option as iptables-save prints it, for example ` ! -s 10.0.0.0/255.0.255.0`.
    func saveText(option: String, family: IPFamily) -> String {
        let address = address.text(family)
        let mask = mask.prefixLength(family).map { "\($0)" } ?? mask.text(family)
        return "\(isInverted ? " !" : "") \(option) \(address)/\(mask)"
    }
}

/// The bits of an address or a mask as they stand in an entry.
///
/// Unlike an `IPAddress`, it stays what it is if it is an IPv6 address that maps an IPv4 one.
public struct AddressBits: Hashable, Sendable {
    /// The first eight bytes of an IPv6 address in host order; 0 for IPv4.
    public var high: UInt64
    /// The last eight bytes of an IPv6 address in host order; an IPv4 address in its low 32 bits.
    public var low: UInt64

    /// Bits in host order.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// No bit set.
    public static let zero = AddressBits(high: 0, low: 0)

    /// The bits of an address.
    public init(_ address: IPAddress) { self.init(high: address.high, low: address.low) }

    /// The length of the prefix that this is the mask of; `nil` for a mask with holes.
    public func prefixLength(_ family: IPFamily) -> Int? {
        switch family {
        case .ipv4:
            let mask = UInt32(truncatingIfNeeded: low)
            let length = (~mask).leadingZeroBitCount
            return mask.nonzeroBitCount == length ? length : nil
        case .ipv6:
            let length = ~high == 0 ? 64 + (~low).leadingZeroBitCount : (~high).leadingZeroBitCount
            return high.nonzeroBitCount + low.nonzeroBitCount == length ? length : nil
        }
    }

    /// The text that `inet_ntop` of the C library makes, as iptables-save prints it.
    public func text(_ family: IPFamily) -> String {
        var bytes: [UInt8] = []
        appendText(family, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text that `inet_ntop` makes: unlike RFC 5952 has it, also `::192.0.2.1` in dotted form.
    func appendText(_ family: IPFamily, to bytes: inout [UInt8]) {
        let ipv4 = UInt32(truncatingIfNeeded: low)
        switch family {
        case .ipv4:
            IPAddress(ipv4: ipv4).appendText(to: &bytes)
        case .ipv6 where high == 0 && low >> 32 == 0xffff:
            bytes.appendLiteral("::ffff:")
            IPAddress(ipv4: ipv4).appendText(to: &bytes)
        case .ipv6 where high == 0 && low >> 32 == 0 && low >> 16 != 0:
            bytes.appendLiteral("::")
            IPAddress(ipv4: ipv4).appendText(to: &bytes)
        case .ipv6:
            IPAddress(ipv6High: high, low: low).appendText(to: &bytes)
        }
    }
}
