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

    /// A value that fills containers which it has asked for, one after the other.
    private struct Nested: Encodable {
        enum Key: String, CodingKey { case first, second, third, last }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Key.self)
            var inner = members.nestedContainer(keyedBy: Key.self, forKey: .first)
            try inner.encode(1, forKey: .first)
            var list = members.nestedUnkeyedContainer(forKey: .second)
            try list.encode("a\u{1b}\"")
            try list.encodeNil()
            _ = list.nestedUnkeyedContainer()
            try members.encode(-0.5, forKey: .third)
            try members.encodeNil(forKey: .last)
        }
    }

    @Test("is the same JSON without a document in between")
    func directText() throws {
        let values: [any Encodable] = [
            Outer(), Nested(), [Nested()], [Int](), [String: Int](), "ü\u{202e}\u{7}", true, 1.5, [UInt8(1)], Int?.none,
            [Int?.none],
            ["a": [1: "b"]],
        ]
        for value in values {
            #expect(try JSONEncoding.text(of: value) == DocumentValue(encoding: value).json)
        }
        #expect(
            try JSONEncoding.text(of: Nested())
                == #"{"first":{"first":1},"second":["a\u001b\"",null,[]],"third":-0.5,"last":null}"#)
    }

    @Test("that no document can hold is refused")
    func refusal() {
        #expect(throws: DocumentEncodingError.number(.max)) { try JSONEncoding.text(of: [UInt64.max]) }
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
