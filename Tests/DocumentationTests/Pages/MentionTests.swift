// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the documentation names is there: options, files, targets of make.
@Suite struct MentionTests {
    @Test(arguments: Article.all) func namedOptionsExist(article: Article) throws {
        let help = try Subprocess.check([Repository.tool, "--experimental-dump-help"])
        let known = Set(help.matches(of: /"name" : "([a-z0-9-]+)"/).map { String($0.1) })
        #expect(known.count > 20)
        for option in try article.text.matches(of: /`--([a-z][a-z0-9-]+)/).map(\.1) {
            #expect(known.contains(String(option)), "kubetables has no option --\(option)")
        }
    }

    @Test(arguments: Article.all) func namedFilesExist(article: Article) throws {
        let path = /\b(?:deploy|scripts|fixtures|Benchmarks)\/[A-Za-z0-9.\/-]*[A-Za-z0-9]/
        for path in try article.text.matches(of: path).map({ String($0.output) }) {
            #expect(FileManager.default.fileExists(atPath: Repository.root.appending(path: path).path), "\(path)")
        }
    }

    @Test(arguments: Article.all) func namedTargetsExist(article: Article) throws {
        let file = Repository.root.appending(path: "Makefile")
        let makefile = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let command = /\bmake ([a-z-]+)\b(?:`| {2,}#|$)/.anchorsMatchLineEndings()
        for target in try article.text.matches(of: command).map(\.1) {
            #expect(makefile.contains("\n\(target):"), "make has no target \(target)")
        }
    }
}
