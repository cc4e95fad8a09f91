// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What stands in several files of the project is the same in all of them.
@Suite("The project's files") struct ProjectTests {
    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: Repository.root.appending(path: path)), as: UTF8.self)
    }

    @Test("name the version of the program")
    func version() throws {
        let printed = try Subprocess.check([Repository.tool, "--version"])
        let version = try #require(printed.firstMatch(of: #/^kubetables ([0-9]+\.[0-9]+\.[0-9]+) /#)?.1)
        let newest = try text("CHANGELOG.md").firstMatch(of: /## ([0-9.]+)/)?.1
        #expect(newest == version, "the first version of CHANGELOG.md")
        for path in ["deploy/Dockerfile", "deploy/README.md", "deploy/kubernetes/kustomization.yaml"] {
            let named = try text(path).matches(of: /(?:kubetables:|newTag: )([0-9]+\.[0-9]+\.[0-9]+)/).map(\.1)
            #expect(!named.isEmpty, "\(path)")
            #expect(named.allSatisfy { $0 == version }, "\(path) names \(named)")
        }
    }

    @Test("name the oldest Swift that the package can be built with")
    func toolchain() throws {
        let version = try #require(
            try text("Package.swift").prefixMatch(of: /\/\/ swift-tools-version: ([0-9]+)\.([0-9]+)\n/))
        let name = "Swift \(version.1).\(version.2)"
        for path in ["README.md", "CONTRIBUTING.md", "Sources/kubetables/Documentation.docc/GettingStarted.md"] {
            #expect(try text(path).contains(name), "\(path) does not name \(name)")
        }
        #expect(try text("scripts/setup").contains("swift_major=\(version.1) swift_minor=\(version.2)"))
        let benchmarks = try text("Benchmarks/Package.swift")
        #expect(benchmarks.hasPrefix(version.0))
    }

    @Test("describe each module on a page of its own")
    func modulePages() throws {
        let folder = Repository.root.appending(path: "Sources")
        let modules = Set(Sources.files.map(\.target)).subtracting(["kubetables"])
        #expect(modules.count > 10)
        for module in modules.sorted() {
            let page = folder.appending(path: "\(module)/\(module).docc/\(module).md")
            let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            #expect(lines.first == "# ``\(module)``")
            #expect(lines.contains("## Neighbours"), "\(page.path)")
        }
    }

    @Test("lead to files that are there", arguments: ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "README.md"])
    func links(path: String) throws {
        let page = try text(path)
        let path = /`((?:Sources|Tests|deploy|docs|fixtures|scripts|Benchmarks)\/[A-Za-z0-9+.\/_-]+)`/
        let spans = page.matches(of: path)
        let links = page.matches(of: /\]\((?!http)([^)#]+)\)/).map { String($0.1) }
        for target in spans.map({ String($0.1) }) + links {
            let file = Repository.root.appending(path: target).path
            #expect(FileManager.default.fileExists(atPath: file), "\(path) names \(target)")
        }
    }
}
