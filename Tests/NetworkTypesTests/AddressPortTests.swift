// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct AddressPortTests {
    @Test(
        "is read as it is written",
        arguments: [
            ("10.0.0.1:80", "10.0.0.1", 80), ("[fd00::1]:65535", "fd00::1", 65535), ("0.0.0.0:0", "0.0.0.0", 0),
            ("[::]:10256", "::", 10256),
        ] as [(String, String, UInt16)])
    func roundTrip(text: String, address: String, port: UInt16) throws {
        let end = try #require(AddressPort(text))
        #expect(end == AddressPort(try #require(IPAddress(address)), port))
        #expect(end.description == text)
    }

    @Test(
        "nothing else is read",
        arguments: [
            "", ":", "10.0.0.1", "10.0.0.1:", ":80", "10.0.0.1:+80", "10.0.0.1:-1", "10.0.0.1:65536", "10.0.0.1:0x50",
            "10.0.0.1:http", "10.0.0:80", "[10.0.0.1]:80", "fd00::1:80", "[fd00::1]", "[fd00::1]80", "fd00::1]:80",
            "[fd00::1%eth0]:80", "example:80", "10.0.0.1: 80",
        ])
    func invalid(text: String) { #expect(AddressPort(text) == nil) }

    @Test("only 0.0.0.0 and :: stand for all addresses", arguments: IPFamily.allCases)
    func any(family: IPFamily) {
        #expect(IPAddress.any(family).isAny)
        #expect(IPAddress.any(family).family == family)
        #expect(!IPAddress.loopback(family).isAny)
    }
}
