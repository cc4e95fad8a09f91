// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A page of the documentation, and what readers are shown in it to type.
///
/// A fenced block of the language `console` is a session: a line that begins with a prompt is a command, what follows it
/// is what it prints. `$ ` is a shell on the node, `client$ ` one on the client outside, and so for every pod of the lab.
/// A line that ends with a backslash goes on in the next, and a here-document up to its delimiter. In what is printed, `…`
/// stands for whatever is there, and by itself on a line for any number of lines.
///
/// What readers need not see stands in comments of one line:
///
///     <!-- run: cp "$REPOSITORY/fixtures/walkthrough/objects.yaml" . -->     a command that must succeed
///     <!-- wait: grep -q IPv6 run.log -->                                    tried until it succeeds
struct Article: Sendable, CustomTestStringConvertible {
    let file: URL

    /// One thing to do, in the order of the page.
    enum Step {
        /// A command that readers do not see.
        case hidden(String)
        /// A command that is tried until it succeeds.
        case wait(String)
        /// A command and the lines of the page that show what it prints.
        case shown(host: String, command: String, output: Range<Int>)
    }

    var testDescription: String { file.lastPathComponent }

    /// The README and all pages of the catalogue.
    static let all: [Article] = {
        let catalogue = Repository.root.appending(path: "Sources/kubetables/Documentation.docc")
        let files = (try? FileManager.default.contentsOfDirectory(at: catalogue, includingPropertiesForKeys: nil)) ?? []
        let pages = files.filter { $0.pathExtension == "md" }.sorted { $0.path < $1.path }
        return ([Repository.root.appending(path: "README.md")] + pages).map(Article.init)
    }()

    var text: String {
        get throws { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
    }

    var lines: [String] {
        get throws { try text.components(separatedBy: "\n") }
    }

    var steps: [Step] {
        get throws {
            let lines = try lines
            var steps: [Step] = []
            var isSession = false
            var index = 0
            while index < lines.count {
                defer { index += 1 }
                let line = lines[index]
                if line.hasPrefix("```") {
                    isSession = line == "```console"
                } else if let command = Self.directive("run", line) {
                    steps.append(.hidden(command))
                } else if let command = Self.directive("wait", line) {
                    steps.append(.wait(command))
                } else if isSession, let (host, first) = Self.command(line) {
                    var command = first
                    while !Self.isComplete(command), index + 1 < lines.count {
                        index += 1
                        command += "\n" + lines[index]
                    }
                    let start = index + 1
                    while index + 1 < lines.count, !lines[index + 1].hasPrefix("```"),
                        Self.command(lines[index + 1]) == nil
                    { index += 1 }
                    steps.append(.shown(host: host, command: command, output: start..<index + 1))
                }
            }
            return steps
        }
    }

    private static func isComplete(_ command: String) -> Bool {
        if command.hasSuffix("\\") { return false }
        guard let delimiter = command.firstMatch(of: /<<'?([A-Z]+)/)?.1 else { return true }
        return command.hasSuffix("\n\(delimiter)")
    }

    private static func directive(_ name: String, _ line: String) -> String? {
        let start = "<!-- \(name): ", end = " -->"
        guard line.hasPrefix(start), line.hasSuffix(end) else { return nil }
        return String(line.dropFirst(start.count).dropLast(end.count))
    }

    private static func command(_ line: String) -> (host: String, command: String)? {
        guard let match = line.wholeMatch(of: /([a-z0-9-]*)\$ (.+)/) else { return nil }
        return (match.1.isEmpty ? "node" : String(match.1), String(match.2))
    }
}
