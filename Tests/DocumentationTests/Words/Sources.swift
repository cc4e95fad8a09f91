// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The files of the repository that people read, or read messages from.
enum Sources {
    struct File: Sendable, CustomTestStringConvertible {
        /// From the root of the repository.
        let path: String

        var testDescription: String { path }

        var text: String {
            get throws { String(decoding: try Data(contentsOf: Repository.root.appending(path: path)), as: UTF8.self) }
        }

        /// The folder below Sources that it lies in.
        var target: String {
            let folders = path.split(separator: "/")
            return folders.count > 1 ? String(folders[1]) : ""
        }

        /// The lines with their numbers, without what programs print in a page: that is checked where it is written.
        func proseLines() throws -> [(Int, String)] {
            var isOutput = false
            return try text.components(separatedBy: "\n").enumerated().compactMap { index, line in
                if line.hasPrefix("```") { isOutput = line == "```console" }
                let isCommand = line.firstMatch(of: #/^[a-z-]*\$ /#) != nil
                if isOutput, !isCommand { return nil }
                // A row of the table of log lines: the line itself is checked where it is written.
                if let row = line.firstMatch(of: /^\| `[^`]+` (\| .+ \|.*\|)$/), path.hasSuffix("Operations.md") {
                    return (index + 1, String(row.1))
                }
                return (index + 1, line)
            }
        }
    }

    /// All Swift files below Sources.
    static let files = find("Sources").filter { $0.path.hasSuffix(".swift") }

    /// Pages, those for browsers with their scripts too, manifests, scripts.
    static let texts: [File] = {
        let pages = find("Sources").filter { $0.path.firstMatch(of: /\.(md|html|js|css)$/) != nil }
        let deploy = find("deploy").filter { $0.path.firstMatch(of: /\.(md|yaml|service)$|Dockerfile$/) != nil }
        let readmes = find("fixtures").filter { $0.path.hasSuffix("README.md") }
        let top = (try? FileManager.default.contentsOfDirectory(atPath: Repository.root.path)) ?? []
        let single = top.sorted().filter { $0.hasSuffix(".md") || $0 == "Makefile" }.map(File.init)
        return pages + deploy + readmes + find("scripts") + find("docs") + single
    }()

    private static func find(_ folder: String) -> [File] {
        let names = try? FileManager.default.subpathsOfDirectory(atPath: Repository.root.appending(path: folder).path)
        return (names ?? []).sorted().map { File(path: "\(folder)/\($0)") }.filter {
            var isFolder: ObjCBool = false
            let path = Repository.root.appending(path: $0.path).path
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }
}
