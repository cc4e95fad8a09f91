// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One language: the words that people stop at do not come back, in what they read or in names.
@Suite("Words that must not come back") struct WordTests {
    /// Places where a word is right, as `file: what is found`: a word of another program, or with another sense.
    private static let allowed: Set<String> = []

    @Test("are not in messages, help and other texts of the sources", arguments: Sources.files)
    func literals(file: Sources.File) throws {
        for literal in SwiftSource(try file.text).literals {
            try check(literal.text, WordRule.ofText, "\(file.path):\(literal.line)")
        }
    }

    @Test("are not in names", arguments: Sources.files)
    func names(file: Sources.File) throws {
        for code in SwiftSource(try file.text).code {
            try check(code.text, WordRule.ofNames, "\(file.path):\(code.line)")
        }
    }

    @Test("are not in pages, manifests and scripts", arguments: Sources.texts)
    func texts(file: Sources.File) throws {
        for (number, line) in try file.proseLines() {
            try check(line, WordRule.ofText, "\(file.path):\(number)")
        }
    }

    @Test("are not in help")
    func help() throws {
        let commands = [
            [], ["run"], ["compile"], ["plan"], ["apply"], ["verify"], ["cleanup"], ["get"], ["status"], ["explain"],
            ["trace"], ["graph"], ["events"],
        ]
        for command in commands {
            let text = try Subprocess.check([Repository.tool] + command + ["--help-hidden"])
            for line in text.split(separator: "\n") {
                try check(String(line), WordRule.ofText, "help of \(command.first ?? "kubetables")")
            }
        }
    }

    @Test("are looked for in all files") func files() {
        #expect(Sources.files.count > 200)
        #expect(Sources.texts.count > 30)
    }

    private func check(_ text: String, _ rules: [WordRule], _ place: String) throws {
        for rule in rules {
            for match in try rule.matches(in: text) {
                let file = place.prefix { $0 != ":" }
                guard !Self.allowed.contains("\(file): \(match)") else { continue }
                Issue.record("\(place): \"\(match)\"; write: \(rule.instead)\n\(text)")
            }
        }
    }

    // MARK: The test itself

    @Test(
        "are found",
        arguments: [
            "the kernel is in step already", "drift is mended", "rules of others", "somebody changes", "x is no range",
            "a port that is taken", "“ipvs”", "what shall be", "the log says", "stands at the wrong place",
        ])
    func findsWords(text: String) throws {
        #expect(try WordRule.ofText.contains { try !$0.matches(in: text).isEmpty })
    }

    @Test(
        "are found in names",
        arguments: [
            "isTold", "tellPending()", "speak(through: x)", "heard:", "EntryLayout(", "let said = 1", "case mended",
        ])
    func findsNames(name: String) throws {
        #expect(try WordRule.ofNames.contains { try !$0.matches(in: name).isEmpty })
    }

    @Test(
        "are not found in other words",
        arguments: [
            "there is no pod", "the lock is taken and held", "lookup", "recommended", "a steep step", "essay",
            "otherServices", "satellite", "Partial", "amendment", "JobQueue", "PartialResult",
        ])
    func leavesOtherWords(text: String) throws {
        for rule in WordRule.ofText + WordRule.ofNames {
            #expect(try rule.matches(in: text).isEmpty, "\(rule.pattern)")
        }
    }

    @Test("are looked for in literals, and not in comments")
    func readsSources() {
        let source = SwiftSource(
            ##"""
            /// said
            let told = "a \(b ? "c" : "d\(e)") f" + #"g \#(h) \n"# // heard
            let long = """
                i \
                j "k"
                """ /* say */
            let match = text.firstMatch(of: /"(.+)\/"/)
            let last = "z"
            """##)
        #expect(source.literals.map(\.text) == ["c", "d…", "a … f", "g … \\n", "\n    i j \"k\"\n    ", "z"])
        #expect(source.literals.map(\.line) == [2, 2, 2, 2, 3, 8])
        for word in ["said", "heard", "say"] { #expect(!source.code.contains { $0.text.contains(word) }) }
        #expect(source.code.contains { $0.line == 2 && $0.text.contains("told") })
    }
}
