// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

@Suite("Rules of the kernel as text") struct DecodedRuleTests {
    @Test("control characters of comments and names are shown as numbers")
    func controlCharacters() {
        let comment = Rule(matches: [.comment("a\u{1b}[2J\nb\u{202e}ü")], target: .accept)
        #expect(
            DecodedRule.known(comment).text(chain: "INPUT", family: .ipv4)
                == #"-A INPUT -m comment --comment "a\u{1b}[2J\u{a}b\u{202e}ü" -j ACCEPT"#)
        let match = ForeignExtension(name: "addr\ntype", revision: 0, data: [0, 0], text: nil)
        let entry = ForeignEntry(matches: [.other(match, .undecidable)])
        #expect(
            DecodedRule.foreign(entry).text(chain: "INPUT", family: .ipv4)
                == #"-A INPUT -m addr\u{a}type [unknown: 2 bytes]"#)
    }

    @Test("the text that iptables-restore reads has them as they are")
    func restoreText() {
        let comment = Rule(matches: [.comment("a\u{1b}b")], target: .accept)
        #expect(comment.saveText(chain: "INPUT", family: .ipv4).contains("a\u{1b}b"))
    }
}
