// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Testing

@Suite("Many findings")
struct DiagnosticLogTests {
    private func finding(_ severity: Diagnostic.Severity, _ number: Int) -> Diagnostic {
        Diagnostic(severity, file: "f", message: "\(number)")
    }

    @Test("a hundred are shown, errors first of all, and the others are counted")
    func limit() {
        var log = DiagnosticLog()
        for number in 0..<150 { log.add(finding(.note, number)) }
        for number in 0..<60 { log.add(finding(.warning, number)) }
        #expect(log.diagnostics.count { $0.severity == .warning } == 60)
        #expect(log.diagnostics.count { $0.severity == .note } == 41)
        #expect(log.diagnostics.last?.description == "110 more notes")
        for number in 0..<1_000 { log.add(finding(.error, number)) }
        #expect(
            log.diagnostics.map(\.description).suffix(3) == ["900 more errors", "60 more warnings", "150 more notes"])
        #expect(log.diagnostics.count == 103)
        #expect(log.count(.error) == 1_000)
    }

    @Test("logs keep their counts when they are put together, and when warnings become errors")
    func sums() {
        var log = DiagnosticLog()
        for number in 0..<150 { log.add(finding(.warning, number)) }
        var sum = log
        sum.add(log)
        #expect(sum.count(.warning) == 300)
        #expect(sum.diagnostics.last?.description == "200 more warnings")
        let strict = sum.promotingWarnings()
        #expect(strict.count(.error) == 300 && strict.count(.warning) == 0 && strict.hasErrors)
        #expect(strict.diagnostics.last?.description == "200 more errors")
    }

    @Test("one finding more is one", arguments: [(101, "1 more error"), (102, "2 more errors")])
    func grammar(count: Int, last: String) {
        var log = DiagnosticLog()
        for number in 0..<count { log.add(finding(.error, number)) }
        #expect(log.diagnostics.last?.description == last)
    }

    @Test("a file of nonsense is not read to its end", arguments: ["{}\n", "---\nx\n", "a: 1\n---\n"])
    func nonsense(text: String) {
        let log = read(("f", String(repeating: text, count: 20_000))).log
        #expect((1_000..<1_010).contains(log.count(.error)))
        #expect(log.diagnostics.count == 101)
    }

    @Test("a list of nonsense is not read to its end either")
    func list() {
        let items = String(repeating: "{},", count: 20_000) + "{}"
        let log = read(("f", "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\(items)]}")).log
        #expect((1_000..<1_010).contains(log.count(.error)))
    }
}
