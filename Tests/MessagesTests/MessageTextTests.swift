// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Messages

@Suite("Texts of others in messages") struct MessageTextTests {
    @Test(
        "have nothing that a terminal would obey",
        arguments: [
            ("plain text, with \"quotes\" and \\", "plain text, with \"quotes\" and \\"), ("", ""),
            ("a\nb\r\tc", "a\\nb\\r\\tc"), ("\u{1b}[31mred\u{7}\0\u{7f}", "\\u{1b}[31mred\\u{7}\\u{0}\\u{7f}"),
            // C1: CSI and OSC in one character each (ECMA-48).
            ("\u{9b}2J\u{9d}0;x\u{9c}\u{85}", "\\u{9b}2J\\u{9d}0;x\\u{9c}\\u{85}"),
            // Overrides and isolates of the direction of writing (CVE-2021-42574), and marks.
            (
                "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200f}\u{61c}",
                "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}\\u{2066}\\u{2067}\\u{2068}\\u{2069}\\u{200f}\\u{61c}"
            ),
            ("a\u{2028}b\u{2029}c\u{feff}d\u{ad}e\u{200b}f", "a\\u{2028}b\\u{2029}c\\u{feff}d\\u{ad}e\\u{200b}f"),
            ("\u{e000}\u{f0000}\u{e0041}\u{10ffff}", "\\u{e000}\\u{f0000}\\u{e0041}\\u{10ffff}"),
            ("größe 大小 → …", "größe 大小 → …"),
            (String(decoding: [0x61, 0xff, 0xc2, 0x9b] as [UInt8], as: UTF8.self), "a\u{fffd}\\u{9b}"),
        ])
    func escapes(text: String, expected: String) {
        #expect(MessageText.escaped(text) == expected)
        #expect(MessageText.quoted(text) == "\"\(expected)\"")
        #expect(MessageText.line(text) == expected)
        #expect(MessageText.line(expected) == expected)
        #expect(expected.unicodeScalars.allSatisfy { $0.isPrintable })
    }

    @Test("are cut, whatever they are made of", arguments: ["x", "é", "\u{1b}", "e\u{301}"])
    func lengths(unit: String) {
        let long = String(repeating: unit, count: 100_000)
        for (text, limit) in [
            (MessageText.escaped(long), MessageText.valueLimit), (MessageText.line(long), MessageText.lineLimit),
        ] {
            #expect(text.hasSuffix("…"))
            #expect(text.unicodeScalars.count <= limit * "\\u{1b}".count + 1)
        }
        let whole = String(repeating: "x", count: MessageText.valueLimit)
        #expect(MessageText.escaped(whole) == whole)
        #expect(MessageText.escaped(whole + "x") == whole + "…")
    }

    @Test("are the same texts in JSON, escaped")
    func json() {
        let json = "{\n  \"a\" : \"é\u{9b}\u{202e}\u{7f}\u{e0041}\"\n}"
        let printable = String(decoding: JSONEscapes.printable(Array(json.utf8)), as: UTF8.self)
        #expect(printable == "{\n  \"a\" : \"é\\u009b\\u202e\\u007f\\udb40\\udc41\"\n}")
        let plain = Array("{\"a\":\"\\u001b\"}\n".utf8)
        #expect(JSONEscapes.printable(plain) == plain)
    }
}
