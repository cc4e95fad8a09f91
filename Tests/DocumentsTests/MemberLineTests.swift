// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

@Suite("Lines of members")
struct MemberLineTests {
    @Test(
        "each member knows its line",
        arguments: [
            "a: 1\nb:\n  c: 2\n\n  d: [{e: 1},\n   {e: 2}]\n",
            "{\"a\": 1,\n\"b\": {\n  \"c\": 2,\n\n  \"d\": [{\"e\": 1},\n   {\"e\": 2}]}}",
        ])
    func lines(text: String) throws {
        var found: [DocumentValue] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes) { found += [try? $0.content.get()].compactMap(\.self) }
        }
        let root = try #require(found.first?.object)
        let inner = try #require(root["b"]?.object)
        #expect(root.members.map(\.line) == [1, 2])
        #expect(inner.members.map(\.line) == [3, 5])
        #expect(inner["d"]?.array?.compactMap { $0.object?.members.first?.line } == [5, 6])
    }

    @Test("a member's line is no part of its value")
    func equality() {
        let (first, second) = (1, 2)
        let members = [first, second].map { DocumentObject.Member(key: "a", value: .integer(1), line: $0) }
        #expect(members[0] == members[1])
        #expect(members[0].hashValue == members[1].hashValue)
        #expect(DocumentObject([members[0]], line: 7).line(at: nil) == 7)
    }

    @Test("a line costs no memory")
    func size() {
        #expect(MemoryLayout<DocumentObject.Member>.stride == 40)
    }
}
