// SPDX-License-Identifier: Apache-2.0

import Documents
import Testing

@Suite("An encodable value") struct DocumentEncoderTests {
    private struct Inner: Encodable {
        var text: String?
        var numbers: [Int] = []
    }

    private struct Outer: Encodable {
        enum Word: String, Encodable { case oneWord = "one-word" }

        var flag = true
        var small: UInt16 = 7
        var big: UInt64 = 1 << 40
        var half = 0.5
        var word = Word.oneWord
        var inner = Inner(text: "a\"b")
        var list = [Inner(), Inner(text: "x", numbers: [1, 2])]
        var absent: Int?
        var names = ["k": 1]
    }

    @Test("becomes a document with its members in their order, without those that are absent")
    func members() throws {
        #expect(
            try DocumentValue(encoding: Outer()).json
                == #"{"flag":true,"small":7,"big":1099511627776,"half":0.5,"word":"one-word","#
                + #""inner":{"text":"a\"b","numbers":[]},"list":[{"numbers":[]},{"text":"x","numbers":[1,2]}],"#
                + #""names":{"k":1}}"#)
    }

    @Test("that no document can hold is refused")
    func refusal() {
        #expect(throws: DocumentEncodingError.number(.max)) { try DocumentValue(encoding: [UInt64.max]) }
    }

    @Test("is YAML in block style with its members in their order")
    func yaml() throws {
        #expect(
            try DocumentValue(encoding: Outer()).yaml(.given) == """
                flag: true
                small: 7
                big: 1099511627776
                half: 0.5
                word: one-word
                inner:
                  text: "a\\"b"
                  numbers: []
                list:
                - numbers: []
                - text: x
                  numbers:
                  - 1
                  - 2
                names:
                  k: 1

                """)
    }
}
