// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import TestSupport

/// Addresses of clients, of the kinds that clusters and networks have.
enum Clients: String, CaseIterable {
    /// From anywhere.
    case random
    /// One after the other.
    case consecutive
    /// Those that differ in the middle only, as the first address of each of many networks; of IPv4 in the upper half.
    case networks
    /// Interface identifiers made of hardware addresses of one maker (RFC 4291, appendix A); of IPv4 each fourth address.
    case hardwareAddresses

    func addresses(_ count: Int, _ family: IPFamily) -> [IPAddress] {
        var random = SeededGenerator(seed: 5)
        return (0..<count).map { number in
            switch family {
            case .ipv4: IPAddress(ipv4: word(number, &random))
            case .ipv6: address(UInt64(number), &random)
            }
        }
    }

    private func word(_ number: Int, _ random: inout SeededGenerator) -> UInt32 {
        switch self {
        case .random: UInt32.random(in: 1 << 24..<0xe000_0000, using: &random)
        case .consecutive: 0x0af5_0000 + UInt32(number)
        case .networks: 0x0100_0001 + UInt32(number) << 12
        case .hardwareAddresses: 0x0a00_0000 + UInt32(number) * 4
        }
    }

    private func address(_ number: UInt64, _ random: inout SeededGenerator) -> IPAddress {
        switch self {
        case .random: IPAddress(ipv6High: random.next() >> 3 | 1 << 61, low: random.next())
        case .consecutive: IPAddress(ipv6High: 0xfd00_0010_0244_0000, low: 0xffff_0000 + number)
        case .networks: IPAddress(ipv6High: 0x2001_0db8_0000_0000 + number, low: 1)
        case .hardwareAddresses:
            IPAddress(
                ipv6High: 0x2001_0db8_0000_0001,
                low: 0x0242_acff_fe00_0000 | UInt64.random(in: 0..<1 << 24, using: &random))
        }
    }
}
