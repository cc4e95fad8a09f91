import Testing
import XTables

@Suite struct ChainNameTests {
    @Test func keepsItsText() {
        #expect(ChainName(validating: "KUBE-SVC-XPGD46QRK7WJZT7O")?.description == "KUBE-SVC-XPGD46QRK7WJZT7O")
        #expect(
            ChainName(prefix: "KUBE-SEP-", suffix: Array("ABCDEFGHIJKLMNOP".utf8)).description
                == "KUBE-SEP-ABCDEFGHIJKLMNOP")
        #expect(ChainName(kernelLabel: "INPUT".utf8).description == "INPUT")
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
