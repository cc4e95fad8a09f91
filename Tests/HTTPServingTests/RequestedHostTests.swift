// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import HTTPServing

@Suite("The host that a client asks for") struct RequestedHostTests {
    @Test(
        "cannot be a website if it is an address or localhost",
        arguments: [
            "localhost", "LocalHost:10249", "localhost.", "node.localhost:10249", "127.0.0.1", "127.0.0.1:10249",
            "127.8.8.8:1", "[::1]", "[::1]:10249", "192.168.50.10:10249", "[fd00::10]:80", "localhost:",
        ])
    func local(header: String) { #expect(RequestedHost(header)?.isAddressOrLocalhost == true) }

    @Test(
        "can be a website if it is any other name",
        arguments: [
            "", ":10249", "evil.example", "evil.example:10249", "localhost.evil.example", "evillocalhost",
            "127.0.0.1.evil.example", "127.0.0.1.nip.io:80", "node-1", "0x7f.1", "2130706433", ".",
            "[fe80::1%25eth0]:80",
        ])
    func remote(header: String) { #expect(RequestedHost(header)?.isAddressOrLocalhost == false) }

    @Test(
        "is nothing that readers could take for different hosts",
        arguments: [
            "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:70000", "localhost:10249 evil", "localhost evil",
            "localhost:10249:1", "::1", "[", "[]", "[::1", "[::1]x", "[::1]:x", "[evil.example]:80", "[127.0.0.1]",
            "localhost@evil.example", "evil.example/localhost", "localhost?", "localhost#", "a,\tb", "é.example",
            "a\\b", "\"a\"",
        ])
    func malformed(header: String) { #expect(RequestedHost(header) == nil) }

    @Test("is the same whatever the case of its letters, and another one with another port")
    func equality() {
        #expect(RequestedHost("LOCALHOST:80") == RequestedHost("localhost:80"))
        #expect(RequestedHost("localhost:80") != RequestedHost("localhost"))
    }
}
