// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

@Suite("Documents of a text")
struct DocumentStreamTests {
    @Test(
        "cutting",
        arguments: [
            ("", []), ("\n# only a comment\n", []), ("---\n", ["1@1 null"]), ("---\n---\n", ["1@1 null", "2@2 null"]),
            ("a: 1", ["1@1 a"]), ("---\na: 1\n---\nb: 1\n", ["1@1 a", "2@3 b"]),
            ("# comment\n\n---\na: 1\n", ["1@1 a"]), ("%YAML 1.1\n---\na: 1\n...\n", ["1@1 a"]),
            ("a: 1\n...\nb: 1\n", ["1@1 a", "2@3 b"]), ("a: |\n  ---\nb: 1\n", ["1@1 a,b"]),
            ("--- {a: 1}\n--- # comment\nb: 1\n", ["1@1 a", "2@2 b"]), ("---a: 1\n", ["1@1 ---a"]),
            ("a: 1\r\n---\r\nb: 1\r\n", ["1@1 a", "2@2 b"]), ("\u{feff}a: 1\n", ["1@1 a"]),
            ("{\"a\": 1}\n{\"b\": 1}{\"c\": 1}", ["1@1 a", "2@2 b", "3@2 c"]),
            ("{\"a\": 1}\n---\n{\"b\": 1}\n", ["1@1 a", "2@3 b"]), ("{a: 1}\n", ["1@1 a"]),
            ("{\"a\": 1} # comment\n", ["1@1 a"]), ("{\"a\": 1,}\n", ["1@1 a"]),
            ("{\"a\": 1}\n{\"b\": }\n", ["1@1 a", "2@2 line 2, column 7: \"}\" is not the beginning of a value"]),
            ("{\"a\": ]\n", ["1@1 line 1, column 7: \"]\" is not the beginning of a value"]),
            (
                "{\"a\": 1}\n{\"b\": 1}\nx",
                [
                    "1@1 a", "2@2 b",
                    "3@3 line 3, column 1: \"x\" after the value; only another "
                        + "mapping or the end may follow",
                ]
            ),
            ("a: 1\n---\nb: [\n---\nc: 1\n", ["1@1 a", "2@2 line 4, column 1: invalid YAML", "3@4 c"]),
        ])
    func cut(text: String, expected: [String]) {
        let found = documents(text)
        #expect(found.count == expected.count && zip(found, expected).allSatisfy { $0.hasPrefix($1) }, "\(found)")
    }

    @Test("a YAML document that is too large is refused, not parsed")
    func sizeLimit() {
        let text = "a: " + String(repeating: "x", count: 3 << 20)
        #expect(
            documents(text, yamlSizeLimit: 2 << 20) == [
                "1@1 line 1, column 1: the YAML document has more than 2 MiB; split it into several documents, or use JSON"
            ])
        #expect(
            documents("{\"a\": \"" + String(repeating: "x", count: 3 << 20) + "\"}", yamlSizeLimit: 2 << 20) == [
                "1@1 a"
            ])
    }

    private func documents(_ text: String, yamlSizeLimit: Int = DocumentStream.yamlSizeLimit) -> [String] {
        var found: [String] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes, yamlSizeLimit: yamlSizeLimit) { document in
                let content =
                    switch document.content {
                    case .success(.null): "null"
                    case .success(let value): value.object?.members.map(\.key).joined(separator: ",") ?? "other"
                    case .failure(let error): error.description
                    }
                found.append("\(document.number)@\(document.line) \(content)")
            }
        }
        return found
    }
}
