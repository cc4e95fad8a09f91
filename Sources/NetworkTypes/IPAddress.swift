// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address, in no particular spelling.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 address it maps, as Go's `net.IP` has it and therefore
/// kube-proxy. Zones (`fe80::1%eth0`) are no part of an address.
public struct IPAddress: Hashable, Sendable {
    /// The first eight bytes of an IPv6 address in host order; 0 for IPv4.
    public let high: UInt64
    /// The last eight bytes of an IPv6 address in host order; an IPv4 address in its low 32 bits.
    public let low: UInt64
    /// The family of the address.
    ///
    /// It comes last, so that what follows an address in a larger value takes the bytes behind it: rules hold hundreds of
    /// thousands of addresses.
    public let family: IPFamily

    /// An IPv4 address from its four bytes in host order: 0x7f000001 is 127.0.0.1.
    public init(ipv4 bits: UInt32) {
        family = .ipv4
        high = 0
        low = UInt64(bits)
    }

    /// An address from the 16 bytes of its IPv6 form, in host order; a mapped IPv4 address becomes IPv4.
    public init(ipv6High high: UInt64, low: UInt64) {
        if high == 0, low >> 32 == 0xffff {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(family: .ipv6, high: high, low: low)
        }
    }

    /// An address of `family` from raw halves, without looking for mapped addresses.
    init(family: IPFamily, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// Whether this is a loopback address: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        switch family {
        case .ipv4: low >> 24 == 127
        case .ipv6: high == 0 && low == 1
        }
    }

    /// The loopback address that stands for a node whose address is not known: 127.0.0.1 or ::1.
    public static func loopback(_ family: IPFamily) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: 0x7f00_0001)
        case .ipv6: IPAddress(family: .ipv6, high: 0, low: 1)
        }
    }

    /// The address that stands for all of a family: 0.0.0.0 or ::.
    public static func any(_ family: IPFamily) -> IPAddress { IPAddress(family: family, high: 0, low: 0) }

    /// Whether this stands for all addresses of its family: 0.0.0.0 or ::.
    public var isAny: Bool { high == 0 && low == 0 }
}

extension IPAddress: Comparable {
    /// Addresses are ordered by family, then numerically.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        if left.family != right.family { return left.family == .ipv4 }
        return left.high != right.high ? left.high < right.high : left.low < right.low
    }
}
