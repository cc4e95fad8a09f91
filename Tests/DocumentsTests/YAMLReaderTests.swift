// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

@Suite("YAML")
struct YAMLReaderTests {
    @Test(
        "scalars have the types that Kubernetes gives them",
        arguments: [
            ("80", DocumentValue.integer(80)), ("\"80\"", .string("80")), ("'80'", .string("80")), ("-7", .integer(-7)),
            ("+7", .integer(7)), ("0x1F", .integer(31)), ("0b101", .integer(5)), ("017", .integer(15)),
            ("0o17", .integer(15)), ("1_000", .integer(1000)), ("08", .double(8)), ("1.5", .double(1.5)),
            (".5", .double(0.5)),
            ("-0x8000000000000000", .integer(.min)), ("0x8000000000000000", .string("0x8000000000000000")),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("0x_1f", .integer(31)), ("0b12", .string("0b12")), ("1_0.5_0e-1", .double(1.05)), ("5.", .double(5)),
            ("-.5e+2", .double(-50)), ("1.2.3", .string("1.2.3")), ("1e", .string("1e")), ("1e+", .string("1e+")),
            ("1e5e5", .string("1e5e5")), ("1-2", .string("1-2")), ("1e999", .string("1e999")), ("+", .string("+")),
            ("+.INF", .double(.infinity)), ("Nul", .string("Nul")), ("nO", .string("nO")), ("On", .bool(true)),
            ("1e3", .double(1000)), (".inf", .double(.infinity)), ("-.inf", .double(-.infinity)), ("0", .integer(0)),
            ("true", .bool(true)), ("False", .bool(false)), ("yes", .bool(true)), ("OFF", .bool(false)),
            ("null", .null), ("~", .null), ("", .null), ("# comment", .null), ("10.0.0.1", .string("10.0.0.1")),
            ("20:1:2:3:4:5:6:7", .string("20:1:2:3:4:5:6:7")), ("fd00::1", .string("fd00::1")), ("-", .array([.null])),
            ("2025-09-14", .string("2025-09-14")), ("nul", .string("nul")), ("0x", .string("0x")), (".", .string(".")),
            ("!!str 80", .string("80")), ("! 80", .string("80")), ("!!int \"80\"", .integer(80)),
            ("!!float 1", .double(1)), ("|\n  a\n  b", .string("a\nb")), (">-\n  a\n  b", .string("a b")),
        ])
    func scalar(text: String, expected: DocumentValue) throws {
        #expect(try value(text) == expected)
    }

    @Test("collections, aliases and merge keys")
    func collections() throws {
        let text = """
            base: &base {a: 1, b: 2}
            other: &other {b: 3, c: 4}
            80: [*base, x]
            merged:
              <<: [*base, *other]
              a: 0
            """
        let object = try #require(try value(text).object)
        #expect(object["80"]?.array?.first == object["base"])
        #expect(object.members.map(\.key) == ["base", "other", "80", "merged"])
        let merged = try #require(object["merged"]?.object)
        #expect(merged.members.map(\.key) == ["a", "b", "c"])
        #expect(merged.members.map(\.value) == [.integer(0), .integer(2), .integer(4)])
        #expect(merged.line == 5)
    }

    @Test(
        "errors say line and column",
        arguments: [
            ("a: b: c", "line 1, column 5: invalid YAML: mapping values are not allowed in this context"),
            ("a:\n\t- 2", "line 2, column 1: invalid YAML: found character that cannot start any token"),
            ("a: [1, 2", "line 2, column 1: invalid YAML: did not find expected ',' or ']'"),
            ("a: \"x", "line 1, column 6: invalid YAML: found unexpected end of stream"),
            ("a: 1\na: 2", "line 1, column 1: the key \"a\" occurs twice in the mapping that begins here"),
            (
                (0..<40).map { "k\($0 % 39): 1\n" }.joined(),
                "line 1, column 1: the key \"k0\" occurs twice in the mapping that begins here"
            ),
            ("a: *b", "line 1, column 4: unknown alias *b: there is no anchor of that name before it"),
            ("a: &b [*b]", "line 1, column 8: unknown alias *b: there is no anchor of that name before it"),
            ("[a, b]: 1", "line 1, column 1: a key must be a string, not an alias, a list or a mapping"),
            ("~: 1", "line 1, column 1: a key is missing here"),
            ("a: !!binary AAAA", "line 1, column 4: the tag \"tag:yaml.org,2002:binary\" is not supported"),
            ("a: !mine {}", "line 1, column 4: the tag \"!mine\" is not supported"),
            ("a: !!int x", "line 1, column 4: \"x\" does not match its tag"),
            ("<<: 1", "line 1, column 5: the value of a merge key (<<) must be a mapping or a list of mappings"),
        ])
    func error(text: String, expected: String) {
        #expect(failure(text)?.hasPrefix(expected) == true, "\(failure(text) ?? "no error")")
    }

    @Test("what is not UTF-8 is refused where it stands")
    func encoding() {
        let bytes: [UInt8] = Array("a: 1\nb: ".utf8) + [0xff]
        #expect(failure(bytes)?.hasPrefix("line 2, column 4: invalid UTF-8") == true)
    }

    @Test("deep nesting is an error, not a crash", arguments: ["[", "{a: ", "- ", "? "])
    func nesting(opening: String) {
        #expect(failure(String(repeating: opening, count: 100_000)) != nil)
    }

    @Test("deep indentation is an error, not a crash", arguments: ["a:", "-"])
    func indentation(entry: String) {
        #expect(failure((0..<2000).map { String(repeating: " ", count: $0) + entry + "\n" }.joined()) != nil)
    }

    @Test("a hundred levels are allowed, also through aliases, and no more")
    func depthLimit() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try value(nested(100))
        #expect(failure(nested(101)) == "line 1, column 101: nested more than 100 levels deep")
        _ = try value("- &a \(nested(60))\n- &b [[*a]]\n")
        let chain = (1...200).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined()
        #expect(failure("- &a0 []\n" + chain)?.hasSuffix("nested more than 100 levels deep") == true)
    }

    @Test(
        "aliases that explode are refused",
        arguments: ["[*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]", "{x: *a, y: *a, z: *a}"])
    func bomb(level: String) {
        var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for index in 1..<40 { text += "a\(index): &a\(index) \(level.replacing("*a", with: "*a\(index - 1)"))\n" }
        #expect(
            failure(text)?.hasSuffix(
                "with its aliases written out the document would have more than 10000 values; use fewer aliases")
                == true)
        #expect(failure(text + "? *a39\n: 1\n") != nil)
    }

    @Test("aliases that do not explode are fine, and long documents may have more values")
    func harmlessAliases() throws {
        let some = (0..<1000).map { _ in "- *a\n" }.joined()
        #expect(try value("- &a {x: 1}\n" + some).array?.count == 1001)
        let long = (0..<20_000).map { _ in "- 1\n" }.joined()
        #expect(try value(long).array?.count == 20_000)
    }

    private func value(_ text: String) throws -> DocumentValue {
        try Array(text.utf8).withUnsafeBufferPointer { try document($0) }
    }

    private func document(_ bytes: UnsafeBufferPointer<UInt8>) throws -> DocumentValue {
        var allowance = DocumentAllowance(byteCount: bytes.count)
        return try YAMLReader.document(bytes, allowance: &allowance, interner: StringInterner())
    }

    private func failure(_ text: String) -> String? { failure(Array(text.utf8)) }

    private func failure(_ bytes: [UInt8]) -> String? {
        do {
            _ = try bytes.withUnsafeBufferPointer { try document($0) }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
