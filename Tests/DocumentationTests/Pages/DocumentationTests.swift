// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the documentation shows is what happens: every command is run, and prints what stands below it.
///
/// `make docs-update` writes what the commands print into the pages, to be reviewed in git.
@Suite struct DocumentationTests {
    private static let isUpdating = ProcessInfo.processInfo.environment["KUBETABLES_UPDATE_DOCUMENTATION"] == "1"

    /// The pages with nothing to type.
    private static let withoutCommands = ["Architecture.md", "TortureTests.md", "kubetables.md"]

    @Test(.needsKernel, arguments: Article.all) func commandsPrintWhatIsShown(article: Article) throws {
        let steps = try article.steps
        guard !Self.withoutCommands.contains(article.file.lastPathComponent) else {
            #expect(steps.isEmpty)
            return
        }
        #expect(!steps.isEmpty)
        var lines = try article.lines
        // From the end, so that what is written does not move steps that are still to be compared.
        for (step, outcome) in zip(steps, try Session(steps).play()).reversed() {
            switch step {
            case .hidden(let command), .wait(let command):
                #expect(outcome.status == 0, "\(command): \(outcome.lines.joined(separator: "\n"))")
            case .shown(_, let command, let range):
                let shown = ShownOutput(lines[range])
                if Self.isUpdating {
                    lines.replaceSubrange(range, with: shown.corrected(outcome.lines))
                } else {
                    #expect(
                        shown.matches(outcome.lines),
                        "\(article.testDescription): \(command)\nprints:\n\(outcome.lines.joined(separator: "\n"))")
                }
            }
        }
        if Self.isUpdating { try Data(lines.joined(separator: "\n").utf8).write(to: article.file) }
    }

    @Test func gapsStandForWhateverIsThere() {
        let shown = ShownOutput(["took … ms, … rules", "…", "done"])
        #expect(shown.matches(["took 1.2 ms, 7 rules", "done"]))
        #expect(shown.matches(["took 1.2 ms, 7 rules", "one", "two", "done"]))
        #expect(!shown.matches(["took 1.2 ms, 7 chains", "done"]))
        #expect(!shown.matches(["took 1.2 ms, 7 rules", "done", "more"]))
        #expect(shown.corrected(["took 9 ms, 8 rules", "ended"]) == ["took … ms, … rules", "ended"])
    }
}
