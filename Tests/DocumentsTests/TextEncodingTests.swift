// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

@Suite("Encodings of a text")
struct TextEncodingTests {
    private static let mark = "\u{feff}"

    @Test(
        "a byte order mark may stand before each document",
        arguments: [
            ("\(mark)a: 1\n", ["1 a=1"]), ("\(mark)\(mark)a: 1\n", ["1 a=1"]),
            ("\(mark)a: 1\n---\n\(mark)b: 2\nc: 3\n", ["1 a=1", "2 b=2,c=3"]),
            ("\(mark)a: 1\n\(mark)---\nb: 2\n", ["1 a=1", "2 b=2"]),
            ("\(mark)---\na: 1\n...\n\(mark)# comment\n\(mark)b: 2\n", ["1 a=1", "2 b=2"]),
            ("a: 1\n---\n# comment\n\n\(mark)b: 2\n", ["1 a=1", "2 b=2"]),
            ("\(mark){\"a\": 1}\n\(mark){\"b\": 2}\n", ["1 a=1", "2 b=2"]),
            ("{\"a\": 1}\n---\n\(mark){\"b\": 2}", ["1 a=1", "2 b=2"]),
            ("a: |\n  x\n---\n\(mark)b: 2\n", ["1 a=x\n", "2 b=2"]), ("\(mark)", []),
            ("\(mark)\n---\n\(mark)", ["1 null"]),
        ])
    func marks(text: String, expected: [String]) {
        #expect(documents(Array(text.utf8)) == expected)
    }

    @Test("a mark inside a document is part of it")
    func innerMarks() {
        #expect(documents(Array("a: '\(Self.mark)x'\nb: 2\n".utf8)) == ["1 a=\(Self.mark)x,b=2"])
        #expect(documents(Array("a: '\n\(Self.mark)x'\n".utf8)).first?.hasPrefix("1 a= \(Self.mark)x") == true)
    }

    @Test("UTF-16 with a byte order mark is read, whatever its order", arguments: [true, false])
    func utf16(isBigEndian: Bool) {
        let text = "a: 'é𝄞'\n---\r\n\(Self.mark)b: 2\n"
        #expect(documents(utf16(Self.mark + text, isBigEndian: isBigEndian)) == ["1 a=é𝄞", "2 b=2"])
        #expect(documents(utf16(Self.mark + "{\"a\": 1}", isBigEndian: isBigEndian)) == ["1 a=1"])
    }

    @Test("broken UTF-16 is an error with its place, and so is UTF-16 without a mark")
    func brokenUTF16() {
        let broken = utf16(Self.mark + "a: 1\nb: x", isBigEndian: false) + [0x00, 0xd8, 0x61, 0x00]
        #expect(documents(broken) == ["1 line 2, column 5: invalid UTF-16"])
        #expect(documents(utf16(Self.mark + "a: 1", isBigEndian: true) + [0]) == ["1 line 1, column 5: invalid UTF-16"])
        for isBigEndian in [true, false] {
            #expect(
                documents(utf16("a: 1\n", isBigEndian: isBigEndian)) == [
                    "1 line 1, column 1: this seems to be UTF-16 without a byte order mark; save it as UTF-8"
                ])
        }
    }

    private func utf16(_ text: String, isBigEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { unit in
            let bytes = [UInt8(unit >> 8), UInt8(unit & 0xff)]
            return isBigEndian ? bytes : bytes.reversed()
        }
    }

    private func documents(_ bytes: [UInt8]) -> [String] {
        var found: [String] = []
        bytes.withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes) { document in
                let content =
                    switch document.content {
                    case .success(.object(let object)):
                        object.members.map { "\($0.key)=\($0.value.string ?? $0.value.json)" }.joined(separator: ",")
                    case .success(let value): value.json
                    case .failure(let error): error.description
                    }
                found.append("\(document.number) \(content)")
            }
        }
        return found
    }
}
