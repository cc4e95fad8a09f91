// SPDX-License-Identifier: Apache-2.0

/// A range of addresses: a base address whose host bits are zero, and the length of the prefix.
public struct CIDR: Hashable, Sendable {
    /// The first address of the range.
    public let address: IPAddress
    /// The number of leading bits that all addresses of the range share: 0–32 or 0–128.
    @inlinable public var prefixLength: Int { Int(length) }

    /// ``prefixLength`` in the byte behind the address.
    @usableFromInline let length: UInt8

    /// The range of all addresses that share the first `prefixLength` bits with `address`; host bits are masked off.
    ///
    /// - Precondition: `prefixLength` is not negative and not longer than an address of the family.
    public init(_ address: IPAddress, prefixLength: Int) {
        precondition((0...address.family.addressBits).contains(prefixLength), "prefix length out of range")
        let mask = CIDR.mask(family: address.family, prefixLength: prefixLength)
        self.address = IPAddress(
            family: address.family, high: address.high & mask.high, low: address.low & mask.low)
        length = UInt8(prefixLength)
    }

    /// The range that holds one address only.
    public init(host address: IPAddress) {
        self.init(address, prefixLength: address.family.addressBits)
    }

    /// Reads `ADDRESS/LENGTH` as kube-proxy does (`ParseCIDRSloppy`): leading zeros are dropped, host bits masked off.
    ///
    /// - Returns: `nil` for any other text; ``requirement(missedBy:)`` is the reason then.
    public init?(_ text: some StringProtocol) {
        guard let slash = text.lastIndex(of: "/"), let address = IPAddress(text[..<slash]) else { return nil }
        let lengthText = text[text.index(after: slash)...]
        guard !lengthText.isEmpty, lengthText.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            var length = Int(lengthText)
        else { return nil }
        if address.family == .ipv4, text[..<slash].contains(":") {
            // An IPv4-mapped range: only its last 32 bits count.
            guard (96...128).contains(length) else { return nil }
            length -= 96
        }
        guard length <= address.family.addressBits else { return nil }
        self.init(address, prefixLength: length)
    }

    /// What a text must be to be a range, for the message about one that is not.
    public static func requirement(missedBy text: some StringProtocol) -> String {
        guard let slash = text.lastIndex(of: "/"), let address = IPAddress(text[..<slash]) else {
            return "must be ADDRESS/LENGTH, for example 10.244.0.0/16"
        }
        if address.family == .ipv4, text[..<slash].contains(":") { return "the prefix length must be 96–128" }
        return "the prefix length must be 0–\(address.family.addressBits)"
    }

    /// The family of the range's addresses.
    public var family: IPFamily { address.family }

    /// Whether the range holds every address of its family: 0.0.0.0/0 or ::/0.
    public var isEverything: Bool { prefixLength == 0 }

    /// Whether `address` is in the range; false if it is of the other family.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == family && CIDR(address, prefixLength: prefixLength).address == self.address
    }

    /// The two halves of the netmask, laid out as an ``IPAddress`` is.
    public var mask: (high: UInt64, low: UInt64) { CIDR.mask(family: family, prefixLength: prefixLength) }

    private static func mask(family: IPFamily, prefixLength: Int) -> (high: UInt64, low: UInt64) {
        func leading(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        switch family {
        case .ipv4: return (0, leading(prefixLength + 32) & 0xffff_ffff)
        case .ipv6: return (leading(prefixLength), leading(prefixLength - 64))
        }
    }
}

extension CIDR: CustomStringConvertible {
    /// The canonical text, `ADDRESS/LENGTH`.
    public var description: String { "\(address)/\(prefixLength)" }
}
