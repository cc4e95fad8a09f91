// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

@Suite("Addresses and masks of entries")
struct AddressBitsTests {
    @Test(
        "are printed as inet_ntop prints them",
        arguments: [
            (0, 0, "::"), (0, 1, "::1"), (0, 0xffff, "::ffff"), (0, 0xc000_0201, "::192.0.2.1"),
            (0, 0xffff_c000_0201, "::ffff:192.0.2.1"), (0x2001_0db8 << 32, 1, "2001:db8::1"),
            (0xffff_0000_ffff_0000, 0, "ffff:0:ffff::"),
        ] as [(UInt64, UInt64, String)])
    func text(high: UInt64, low: UInt64, text: String) {
        #expect(AddressBits(high: high, low: low).text(.ipv6) == text)
    }

    @Test("have a prefix length only without holes")
    func prefixLengths() {
        for length in 0...32 {
            let mask = UInt64(UInt32.max) << UInt64(32 - length) & 0xffff_ffff
            #expect(AddressBits(high: 0, low: mask).prefixLength(.ipv4) == length)
        }
        for length in 0...128 {
            let high = length >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(length))
            let low = length <= 64 ? 0 : length == 128 ? UInt64.max : ~(UInt64.max >> UInt64(length - 64))
            #expect(AddressBits(high: high, low: low).prefixLength(.ipv6) == length)
        }
        #expect(AddressBits(high: 0, low: 0xff00_ff00).prefixLength(.ipv4) == nil)
        #expect(AddressBits(high: 0, low: 0x0000_ffff).prefixLength(.ipv4) == nil)
        #expect(AddressBits(high: .max, low: 1).prefixLength(.ipv6) == nil)
        #expect(AddressBits(high: 0xff, low: .max).prefixLength(.ipv6) == nil)
    }
}
