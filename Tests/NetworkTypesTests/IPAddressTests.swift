// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"),
        ("010.000.0.0001", "10.0.0.1"),
        ("192.000.002.095", "192.0.2.95"),
        ("255.255.255.255", "255.255.255.255"),
        ("::ffff:192.0.2.96", "192.0.2.96"),
        ("::FFFF:c000:260", "192.0.2.96"),
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("FD00:10:0244:0:0:0:0:53", "fd00:10:244::53"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("00001::1", "1::1"),
    ])
    func readsAnySpellingAndWritesOne(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "10.0.0", "10.0.0.256", "10.0.0.1.2", "10.0.0.", ".10.0.0.1", "10..0.1", "a.b.c.d", "10.0.0.1 ",
        "0x7f.0.0.1", "-1.0.0.0", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "fe80::1%eth0", "g::1",
        "12345::1", "1:2:3:4:5:6:7:8:", "::1:", "[::1]", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1.2.3", "１.2.3.4",
    ])
    func refusesWhatIsNoAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func everyAddressIsReadBackFromItsText() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            // Groups of zeros are what compression is about, so many are made.
            func half() -> UInt64 {
                (0..<4).reduce(0) { bits, _ in bits << 16 | (Bool.random() ? 0 : random.next() & 0xffff) }
            }
            let address = IPAddress(ipv6High: half(), low: half())
            #expect(IPAddress(address.description) == address)
            let short = IPAddress(ipv4: UInt32.random(in: .min ... .max))
            #expect(IPAddress(short.description) == short)
        }
    }

    @Test func knowsLoopback() {
        #expect(IPAddress("127.8.9.1")?.isLoopback == true)
        #expect(IPAddress("128.0.0.1")?.isLoopback == false)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("::2")?.isLoopback == false)
        #expect(IPAddress.loopback(.ipv4).description == "127.0.0.1")
        #expect(IPAddress.loopback(.ipv6).description == "::1")
    }

    @Test func ordersByNumber() throws {
        let texts = ["9.0.0.1", "10.0.0.2", "10.0.0.10", "::1", "1::"]
        let addresses = try texts.map { try #require(IPAddress($0)) }
        #expect(addresses.shuffled().sorted() == addresses)
    }
}
