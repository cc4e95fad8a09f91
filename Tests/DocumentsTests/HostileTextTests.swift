// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Documents

@Suite("Texts made to keep a reader busy")
struct HostileTextTests {
    private func read(_ text: String) -> (documents: Int, errors: [String], duration: Duration) {
        let bytes = Array(text.utf8)
        var errors: [String] = []
        var documents = 0
        let duration = ContinuousClock().measure {
            bytes.withUnsafeBufferPointer { bytes in
                DocumentStream.read(bytes) { document in
                    documents += 1
                    if case .failure(let error) = document.content { errors.append(error.description) }
                }
            }
        }
        return (documents, errors, duration)
    }

    @Test(
        "eight times the text takes about eight times as long",
        arguments: [
            "%TAG !a! x\n", "%TAG !é! tag:yaml.org,2002:\n", "%YAML 1.1\n", "---\n", "--- # x\n", "...\n", "# x\n",
            "\n",
            "---\n\u{feff}\n", "a: 1\n---\n", "a: 1\n...\n", "--- a\n", "---\n- {}\n", "{a\n---\n", "[],", "{},",
            "- a\n", "? a\n", "a: &a 1\n", "'", "!!str ", "- 1.5e3\n", "- 2001-01-01\n", "- &a {b: 1}\n- {<<: *a}\n",
            "a: a text of more than 15 bytes\n---\n",
        ])
    func time(unit: String) {
        let small = (0..<3).map { _ in read(String(repeating: unit, count: 2_000)).duration }.min() ?? .zero
        let large = read(String(repeating: unit, count: 16_000)).duration
        // 64 times would be quadratic; the machine may do something else meanwhile.
        #expect(large < small * 24 + .milliseconds(500), "\(unit) \(small) \(large)")
    }

    @Test(
        "a text that is one line, or has a million of them, is read soon, also where the reader is not optimized",
        arguments: [
            ("", "#\n"), ("", "\n"), ("a: ", "#"), ("a: 1\n", "\u{feff}"), ("a: 1\n", "\u{feff}\n"),
            ("", "\u{feff}# a\n"),
            ("a: \"", "\u{ff5e}"), ("[", "  "),
        ])
    func longLines(start: String, unit: String) {
        let text = start + String(repeating: unit, count: (1 << 19) / unit.utf8.count)
        let result = read(text)
        // In 200 ms; a reader that goes through a line of marks for each of them takes minutes.
        #expect(result.duration < .seconds(2), "\(start)\(unit) \(result.duration)")
    }

    @Test("comments are passed over quickly, and lines are counted on")
    func comments() {
        let comments = String(repeating: "# a comment\n  # another\n\r\n", count: 100_000)
        let result = read(comments + "a: 1\n---\n" + comments + "b: ]\n")
        #expect(result.errors.first?.hasPrefix("line 600003, column 4: ") == true, "\(result.errors)")
        #expect(result.duration < .seconds(2), "\(result.duration)")
    }

    @Test("deep nesting ends the reading, however long the text is")
    func nesting() {
        var text = ""
        for depth in 0..<3_000 { text += String(repeating: " ", count: depth) + "a:\n" }
        let result = read(text)
        #expect(result.errors.first?.contains("nested more than 100 levels deep") == true)
        #expect(result.duration < .seconds(2), "\(result.duration)")
    }

    @Test("directives are few")
    func directives() {
        let few = String(repeating: "%TAG !a\(0)! x\n", count: 1) + "---\na: 1\n"
        #expect(read(few).errors.isEmpty)
        let many = (0..<200).map { "%TAG !a\($0)! x\n" }.joined() + "---\na: 1\n---\nb: 1\n"
        let result = read(many)
        #expect(result.documents == 2)
        #expect(result.errors == ["line 1, column 1: more than 100 directives (%TAG, %YAML) before a document"])
    }

    @Test(
        "documents too short for objects are read up to a limit for the length of the text, whatever is in them",
        arguments: ["a: 1\n---\n", "--- a\n", "a: 1\n...\n", "{a\n---\n", "{a: 1}\n---\n", "---\n", "--- #\n"])
    func shortDocuments(unit: String) {
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        let limit = 10_000 + text.utf8.count / 48
        let result = read(text)
        #expect(result.documents == limit + 1)
        let refusal = "more than \(limit) YAML documents, too many for a text of this size; the rest of it is not read"
        #expect(result.errors.last?.hasSuffix(refusal) == true)
    }

    @Test("the values of all documents of a text count together")
    func valuesOfDocuments() {
        let document = String(repeating: "- a\n", count: 1_000) + "---\n"
        let text = String(repeating: document, count: 300)
        let limit = 100_000 + text.utf8.count / 8
        let result = read(text)
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.contains("more than \(limit) values, too many for a text of this size") == true)
        #expect(result.documents == limit / 1_001 + 1)
    }

    @Test(
        "keys, values and aliases of YAML count together, so that a text cannot be many of them",
        arguments: [("[&a x,", "*a,", 1), ("", "- a: 1\n  b: 2\n", 5)])
    func nodes(start: String, unit: String, count: Int) {
        let text = start + String(repeating: unit, count: 400_000 / count)
        let limit = 100_000 + text.utf8.count / 5
        let result = read(text)
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.hasSuffix(Self.refusal("\(limit) keys and values")) == true, "\(result.errors)")
    }

    @Test("each 32 brackets that are open make a value count once more, since libyaml goes through them each time")
    func brackets() {
        func errors(depth: Int) -> [String] {
            let row =
                String(repeating: "[", count: depth) + String(repeating: "a,", count: 100_000)
                + String(repeating: "]", count: depth) + "\n"
            return read(row).errors
        }
        #expect(errors(depth: 31).isEmpty)
        // 200,193 bytes.
        #expect(errors(depth: 96).first?.hasSuffix(Self.refusal("140038 keys and values")) == true)
    }

    @Test("anchors are few")
    func anchors() {
        let text = (0..<20_000).map { "- &a\($0) x\n" }.joined()
        let limit = 10_000 + text.utf8.count / 64
        #expect(
            read(text).errors == [
                "line \(limit + 1), column 3: more than \(limit) anchors, too many for a text of this size; "
                    + "the rest of it is not read"
            ])
        // Each Service with a selector that its workload shares.
        let object =
            "- {kind: Service, apiVersion: v1, metadata: {name: s}, spec: {selector: &id {app: s}, ports: [{port: 80}]}}\n"
        #expect(read(String(repeating: object, count: 20_000)).errors.isEmpty)
    }

    @Test("members that come from merge keys are copies, and count")
    func mergedMembers() {
        let base = "- &a {" + (0..<1_000).map { "k\($0): 1" }.joined(separator: ",") + "}\n"
        let text = base + String(repeating: "- <<: *a\n", count: 200) + "#" + String(repeating: "-", count: 400_000)
        let limit = 100_000 + text.utf8.count / 5
        #expect(read(text).errors.first?.hasSuffix(Self.refusal("\(limit) keys and values")) == true)
        #expect(read(base + String(repeating: "- <<: *a\n", count: 10) + "#" + text.suffix(20_000)).errors.isEmpty)
    }

    private static func refusal(_ count: String) -> String {
        "more than \(count), too many for a text of this size; the rest of it is not read"
    }

    @Test("the shortest objects that a cluster can have are not refused, however many they are")
    func shortObjects() {
        let result = read(String(repeating: "kind: Node\napiVersion: v1\nmetadata: {name: a}\n---\n", count: 30_000))
        // What follows the last marker is one more.
        #expect(result.documents == 30_001)
        #expect(result.errors.isEmpty)
    }

    @Test(
        "JSON that would take many times its size is refused before it is built", arguments: ["[]", "{}", "0", "\"\""])
    func density(element: String) {
        let text = "{\"items\": [" + Array(repeating: element, count: 1 << 20).joined(separator: ",") + "]}"
        #expect(read(text).errors.first?.contains("too many for a text of this size") == true)
    }

    @Test(
        "the densest endpoints that YAML can have are not refused",
        arguments: ["{addresses: [1.1.1.1]},", "{addresses: [1.1.1.1],conditions: {ready: true}},"])
    func flow(endpoint: String) {
        #expect(read("endpoints: [\(String(repeating: endpoint, count: 100_000))]").errors.isEmpty)
    }

    @Test("the densest objects that a cluster can have are not refused")
    func cluster() {
        let endpoints = Array(repeating: "{\"addresses\":[\"10.1.0.1\"]}", count: 200_000).joined(separator: ",")
        #expect(read("{\"endpoints\":[\(endpoints)]}").errors.isEmpty)
    }
}
