// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A folder with `objects.yaml` and `options.json`, and the rules they must give in `expected.rules`.
struct Fixture: Sendable, CustomTestStringConvertible {
    let folder: URL

    var testDescription: String {
        String(folder.path.dropFirst(Repository.fixtures.path.count + 1))
    }

    /// Fixtures whose rules kubetables wrote itself, for review in git.
    static var goldens: [Fixture] { all.filter { !$0.isMeasured } }

    /// Fixtures whose rules were measured: what kube-proxy 1.36.2 left in a Linux 6.18 kernel.
    static var measured: [Fixture] { all.filter(\.isMeasured) }

    private var isMeasured: Bool { testDescription.hasPrefix("parity") }

    private static let all: [Fixture] = {
        let files = FileManager.default.enumerator(at: Repository.fixtures, includingPropertiesForKeys: nil)
        let objects = (files?.compactMap { $0 as? URL } ?? []).filter { $0.lastPathComponent == "objects.yaml" }
        return objects.map { Fixture(folder: $0.deletingLastPathComponent()) }.sorted {
            $0.folder.path < $1.folder.path
        }
    }()

    var objects: String { folder.appending(path: "objects.yaml").path }

    var options: [String] {
        get throws {
            let data = try Data(contentsOf: folder.appending(path: "options.json"))
            // Paths in options are relative to the fixture.
            return try JSONDecoder().decode([String].self, from: data).map {
                $0.replacingOccurrences(of: "FIXTURE/", with: folder.path + "/")
            }
        }
    }

    private var expectedFile: URL { folder.appending(path: "expected.rules") }

    var expected: String {
        get throws { String(decoding: try Data(contentsOf: expectedFile), as: UTF8.self) }
    }

    func rewrite(_ text: String) throws { try Data(text.utf8).write(to: expectedFile) }

    /// What `kubetables compile` makes of it.
    func compile(_ further: [String] = []) throws -> ProcessResult {
        try Subprocess.run([Repository.tool, "compile"] + options + ["-f", objects] + further)
    }
}
