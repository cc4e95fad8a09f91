// SPDX-License-Identifier: Apache-2.0

import Testing
import XTables

@Suite struct ChainNameTests {
    @Test func keepsItsText() {
        #expect(ChainName(validating: "KUBE-SVC-XPGD46QRK7WJZT7O")?.description == "KUBE-SVC-XPGD46QRK7WJZT7O")
        #expect(
            ChainName(prefix: "KUBE-SEP-", suffix: Array("ABCDEFGHIJKLMNOP".utf8)).description
                == "KUBE-SEP-ABCDEFGHIJKLMNOP")
        #expect(ChainName(prefix: "KUBE-SEP-", suffix: []).description == "KUBE-SEP-")
    }

    @Test func isMadeFromBytesOfAnyLength() {
        for length in 0...40 {
            let bytes = (0..<length).map { UInt8(ascii: "A") + UInt8($0 % 26) }
            let name = bytes.withUnsafeBytes { ChainName(kernelLabel: $0) }
            #expect(name.withBytes(Array.init) == Array(bytes.prefix(31)))
            if (1...28).contains(length) {
                #expect(name == ChainName(validating: String(decoding: bytes, as: UTF8.self)))
            }
        }
    }

    @Test func refusesWhatIptablesRefuses() {
        #expect(ChainName(validating: "") == nil)
        #expect(ChainName(validating: String(repeating: "A", count: 28)) != nil)
        #expect(ChainName(validating: String(repeating: "A", count: 29)) == nil)
        #expect(ChainName(validating: "A B") == nil)
        #expect(ChainName(validating: "A\u{0}B") == nil)
    }

    @Test func isOrderedByItsBytes() {
        let texts = [
            "A", "AB", "B", "KUBE-EXT-A", "KUBE-SEP-22222222", "KUBE-SEP-AAAAAAAA", "KUBE-SEP-AAAAAAAAA", "KUBE-SVC-A",
            "a",
        ]
        #expect(texts.shuffled().compactMap { ChainName(validating: $0) }.sorted().map(\.description) == texts)
    }

    @Test func knowsItsPrefix() {
        let name: ChainName = "KUBE-SEP-A"
        #expect(name.hasPrefix("KUBE-SEP-"))
        #expect(!name.hasPrefix("KUBE-SVC-"))
        #expect(!name.hasPrefix("KUBE-SEP-ABC"))
    }
}
