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
        "a MiB takes a fraction of a second",
        arguments: [
            "%TAG !a! x\n", "%TAG !é! tag:yaml.org,2002:\n", "%YAML 1.1\n", "---\n", "--- # x\n", "...\n", "# x\n",
            "\n",
            "---\n\u{feff}\n", "[],", "{},",
        ])
    func time(unit: String) {
        let result = read(String(repeating: unit, count: (1 << 20) / unit.utf8.count))
        // Debug builds are some ten times slower than what is shipped.
        #expect(result.duration < .seconds(3), "\(unit) \(result)")
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
        "JSON that would take many times its size is refused before it is built", arguments: ["[]", "{}", "0", "\"\""])
    func density(element: String) {
        let text = "{\"items\": [" + Array(repeating: element, count: 1 << 20).joined(separator: ",") + "]}"
        #expect(read(text).errors.first?.contains("too many for a text of this size") == true)
    }

    @Test("the densest objects that a cluster can have are not refused")
    func cluster() {
        let endpoints = Array(repeating: "{\"addresses\":[\"10.1.0.1\"]}", count: 200_000).joined(separator: ",")
        #expect(read("{\"endpoints\":[\(endpoints)]}").errors.isEmpty)
    }
}
