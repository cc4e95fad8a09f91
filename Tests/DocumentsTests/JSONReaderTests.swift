// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

@Suite("JSON")
struct JSONReaderTests {
    @Test(
        "values",
        arguments: [
            ("null", DocumentValue.null), ("true", .bool(true)), (" false\n", .bool(false)), ("0", .integer(0)),
            ("-0", .integer(0)), ("-17", .integer(-17)), ("9223372036854775807", .integer(.max)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5e2", .double(150)),
            ("2E-1", .double(0.2)), (#""""#, .string("")),
            (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{c}\n\r\tz")),
            (#""\u00e9\ud83d\ude00\u0000""#, .string("é😀\0")), ("\"é😀\"", .string("é😀")), ("[]", .array([])),
            ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])), ("{}", .object(DocumentObject([]))),
            (
                #"{"a":1,"":null}"#,
                .object(
                    DocumentObject([.init(key: "a", value: .integer(1)), .init(key: "", value: .null)]))
            ),
        ])
    func value(text: String, expected: DocumentValue) throws {
        #expect(try DocumentValue(json: Array(text.utf8)) == expected)
    }

    @Test(
        "errors say line and column",
        arguments: [
            ("", "line 1, column 1: the text is empty"),
            ("{", "line 1, column 2: the end of the text where a key in quotes should be"),
            ("[1 2]", "line 1, column 4: \"2\" where \",\" or \"]\" should be"),
            ("[1,]", "line 1, column 4: \"]\" is not the beginning of a value"),
            ("[1,", "line 1, column 4: the text ends where a value should be"),
            ("{\"a\":1,\n  }", "line 2, column 3: \"}\" where a key in quotes should be"),
            ("{\"a\" 1}", "line 1, column 6: \"1\" where \":\" should be"),
            ("{\"a\":1 \"b\":2}", "line 1, column 8: \"\"\" where \",\" or \"}\" should be"),
            ("{a: 1}", "line 1, column 2: \"a\" where a key in quotes should be"),
            ("{\n \"é\": x}", "line 2, column 7: \"x\" is not the beginning of a value"),
            ("nul", "line 1, column 1: invalid value; did you mean null?"),
            ("tru\n", "line 1, column 1: invalid value; did you mean true?"),
            ("01", "line 1, column 1: invalid number: it must not begin with 0"),
            ("-", "line 1, column 2: the end of the text where a digit should be"),
            ("1.", "line 1, column 3: the end of the text where a digit should be"),
            ("1e+", "line 1, column 4: the end of the text where a digit should be"),
            (
                "1e400",
                "line 1, column 1: the number 1e400 is too large: no field of an object takes more than 9223372036854775807"
            ),
            ("+1", "line 1, column 1: \"+\" is not the beginning of a value"),
            ("\"a", "line 1, column 1: the string that begins here has no closing quote"),
            ("\"a\\", "line 1, column 3: the text ends inside an escape"),
            ("\"\\u12", "line 1, column 2: the text ends inside an escape"),
            ("\"\\x\"", "line 1, column 2: invalid escape: a backslash must be doubled"),
            ("\"\\u12g4\"", "line 1, column 2: \\u must be followed by four hexadecimal digits"),
            ("\"\\ud800\"", "line 1, column 2: invalid escape: half of a surrogate pair"),
            ("\"\\udc00\"", "line 1, column 2: invalid escape: half of a surrogate pair"),
            ("\"\\ud800\\u0041\"", "line 1, column 2: invalid escape: half of a surrogate pair"),
            ("\"a\nb\"", "line 1, column 3: a control character (byte 10) inside a string must be escaped"),
            ("1 2", "line 1, column 3: \"2\" after the value"),
            (
                "{\"a\":1,\"b\":2,\"a\":3}",
                "line 1, column 19: the key \"a\" occurs twice in the mapping that ends here"
            ),
        ])
    func error(text: String, expected: String) {
        #expect(failure(Array(text.utf8)) == expected)
    }

    @Test(
        "what is not UTF-8 is refused where it stands",
        arguments: [
            ([0x22, 0x61, 0xff, 0x22], "line 1, column 3: invalid UTF-8"),
            ([0x22, 0xc3, 0xa9, 0xc0, 0x80, 0x22], "line 1, column 3: invalid UTF-8"),
            ([0x22, 0xed, 0xa0, 0x80, 0x22], "line 1, column 2: invalid UTF-8"),
            ([0x22, 0x5c, 0x6e, 0xff, 0x22], "line 1, column 4: invalid UTF-8"),
            ([0xff, 0xfe], "line 1, column 1: byte 255 is not the beginning of a value"),
            ([0x00], "line 1, column 1: byte 0 is not the beginning of a value"),
        ] as [([UInt8], String)])
    func encoding(bytes: [UInt8], expected: String) {
        #expect(failure(bytes) == expected)
    }

    @Test("duplicates are found in long mappings too")
    func longDuplicates() {
        let members = (0..<100).map { "\"k\($0)\": 0" } + ["\"k17\": 1"]
        #expect(
            failure(Array("{\(members.joined(separator: ","))}".utf8))?.contains("the key \"k17\" occurs twice") == true
        )
    }

    @Test("nesting is limited", arguments: ["[", "{\"a\":"])
    func nesting(opening: String) throws {
        let allowed = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        _ = try DocumentValue(json: Array(allowed.utf8))
        let message = failure(Array(String(repeating: opening, count: 100_000).utf8))
        #expect(message == "line 1, column \(100 * opening.count + 1): nested more than 100 levels deep")
    }

    private func failure(_ bytes: [UInt8]) -> String? {
        do throws(DocumentError) {
            _ = try DocumentValue(json: bytes)
            return nil
        } catch {
            return error.description
        }
    }
}
