// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import HTTPServing

@Suite("The host that a client asks for") struct RequestedHostTests {
    @Test(
        "cannot be a website if it is an address or localhost",
        arguments: [
            "localhost", "LocalHost:10249", "localhost.", "node.localhost:10249", "127.0.0.1", "127.0.0.1:10249",
            "127.8.8.8:1", "[::1]", "[::1]:10249", "192.168.50.10:10249", "[fd00::10]:80",
        ])
    func local(header: String) { #expect(RequestedHost(header).isAddressOrLocalhost) }

    @Test(
        "can be a website if it is any other name",
        arguments: [
            "", ":10249", "evil.example", "evil.example:10249", "localhost.evil.example", "evillocalhost",
            "127.0.0.1.evil.example", "127.0.0.1.nip.io:80", "[evil.example]:80", "node-1", "0x7f.1", "2130706433", "[",
            ".",
            "localhost@evil.example", "evil.example/localhost", "::1",
        ])
    func remote(header: String) { #expect(!RequestedHost(header).isAddressOrLocalhost) }
}
