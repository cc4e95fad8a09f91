// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct CIDRTests {
    @Test(arguments: [
        ("10.244.7.9/16", "10.244.0.0/16"),
        ("172.16.5.4/12", "172.16.0.0/12"),
        ("203.0.113.77/25", "203.0.113.0/25"),
        ("198.051.100.000/24", "198.51.100.0/24"),
        ("1.2.3.4/0", "0.0.0.0/0"),
        ("1.2.3.4/32", "1.2.3.4/32"),
        ("fd00:10:244:ffff::1/48", "fd00:10:244::/48"),
        ("fd00::1/128", "fd00::1/128"),
        ("fd00::1/64", "fd00::/64"),
        ("fd00::ffff:0:0:1/65", "fd00::8000:0:0:0/65"),
        ("1::/0", "::/0"),
        ("::ffff:1.2.3.4/120", "1.2.3.0/24"),
    ])
    func masksHostBits(text: String, canonical: String) {
        #expect(CIDR(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "/8", "10.0.0.0/-1", "10.0.0.0/+8", "a/8", "10.0.0.0/8 ",
    ])
    func refusesWhatIsNoRange(text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test(
        "what is wrong with a range is what would be right",
        arguments: [
            ("10.244.0.0/33", "the prefix length must be 0–32"), ("::/129", "the prefix length must be 0–128"),
            ("10.0.0.0/x", "the prefix length must be 0–32"), ("10.0.0.0/", "the prefix length must be 0–32"),
            ("::ffff:10.0.0.0/8", "the prefix length must be 96–128"),
            ("10.0.0.0", "must be ADDRESS/LENGTH, for example 10.244.0.0/16"),
            ("a/8", "must be ADDRESS/LENGTH, for example 10.244.0.0/16"),
            ("", "must be ADDRESS/LENGTH, for example 10.244.0.0/16"),
        ])
    func requirement(text: String, expected: String) {
        #expect(CIDR(text) == nil)
        #expect(CIDR.requirement(missedBy: text) == expected)
    }

    @Test func containsWhatSharesThePrefix() throws {
        let range = try #require(CIDR("192.168.8.0/22"))
        #expect(try range.contains(#require(IPAddress("192.168.11.255"))))
        #expect(try !range.contains(#require(IPAddress("192.168.12.0"))))
        #expect(try !range.contains(#require(IPAddress("fd00::1"))))
        let everything = try #require(CIDR("::/0"))
        #expect(everything.isEverything)
        #expect(try everything.contains(#require(IPAddress("fd00::1"))))
        #expect(try !everything.contains(#require(IPAddress("10.0.0.1"))))
    }

    @Test func masksAreLaidOutAsAddresses() throws {
        #expect(try #require(CIDR("10.0.0.0/8")).mask == (0, 0xff00_0000))
        #expect(try #require(CIDR("0.0.0.0/0")).mask == (0, 0))
        #expect(try #require(CIDR("fd00::/68")).mask == (.max, 0xf000_0000_0000_0000))
        #expect(try #require(CIDR("fd00::/7")).mask == (0xfe00_0000_0000_0000, 0))
    }
}
