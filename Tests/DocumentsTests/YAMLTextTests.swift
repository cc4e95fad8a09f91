// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

/// YAML is written so that it is read again as it was.
@Suite struct YAMLTextTests {
    private let value: DocumentValue = .object([
        "z": .object(["inner": .object(["deep": .null]), "none": .object([:])]),
        "list": .array([.string("a"), .object(["k": .integer(1)]), .array([])]),
        "empty": .array([]), "yes": .bool(true), "half": .double(0.5),
        "odd": .array(
            ["", "yes", "null", "1", "-", "a: b", "#", "20:1", "“ö”", "two\nlines", "1e3", "0x10", "~"].map(
                DocumentValue.string)),
        "on": .string("/var/lib/kube-proxy"),
    ])

    @Test func mappingsAreSortedAndTextsQuotedWhereNeeded() {
        #expect(
            value.yaml == """
                empty: []
                half: 0.5
                list:
                - a
                - k: 1
                - []
                odd:
                - ""
                - "yes"
                - "null"
                - "1"
                - "-"
                - "a: b"
                - "#"
                - "20:1"
                - "“ö”"
                - "two\\nlines"
                - "1e3"
                - "0x10"
                - "~"
                "on": /var/lib/kube-proxy
                "yes": true
                z:
                  inner:
                    deep: null
                  none: {}

                """)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var found: [DocumentValue] = []
        Array(value.yaml.utf8).withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes) { if case .success(let value) = $0.content { found.append(value) } }
        }
        #expect(found.map(Self.sorted) == [Self.sorted(value)])
    }

    private static func sorted(_ value: DocumentValue) -> DocumentValue {
        switch value {
        case .object(let object):
            let members = object.members.map { DocumentObject.Member(key: $0.key, value: sorted($0.value)) }
            return .object(DocumentObject(members.sorted { $0.key < $1.key }))
        case .array(let elements): return .array(elements.map(sorted))
        default: return value
        }
    }
}
