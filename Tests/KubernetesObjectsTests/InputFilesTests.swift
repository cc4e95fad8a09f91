// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@testable import KubernetesObjects

@Suite("Files and directories")
struct InputFilesTests {
    /// Runs a test in a directory of its own, which is removed afterwards.
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "kubetables-\(UUID().uuidString)"
        let manager = FileManager.default
        try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test("directories: recursive, by name, known extensions, nothing hidden, no circles")
    func directories() throws {
        try inDirectory { root in
            let manager = FileManager.default
            for folder in ["/b", "/.hidden", "/b/c.yaml"] {
                try manager.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
            }
            for name in [
                "/z.yml", "/a.json", "/b/x.YAML", "/readme.md", "/.y.yaml", "/.hidden/x.yaml", "/b/c.yaml/d.yaml",
            ] {
                try write("", root + name)
            }
            try manager.createSymbolicLink(atPath: root + "/b/loop", withDestinationPath: root)
            try manager.createSymbolicLink(atPath: root + "/self.yaml", withDestinationPath: "self.yaml")
            let found = InputFiles.files(at: root)
            #expect(
                found.compactMap { try? $0.get() }
                    == ["/a.json", "/b/c.yaml/d.yaml", "/b/x.YAML", "/z.yml"].map { root + $0 })
            #expect(found.count == 5)  // and the link to itself, which is an error
        }
    }

    @Test("links to directories lead on within the directory only")
    func links() throws {
        try inDirectory { root in
            let manager = FileManager.default
            for folder in ["/d", "/d/..2026", "/d/..2026/sub", "/d2"] {
                try manager.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
            }
            for name in ["/d/..2026/a.yaml", "/d/..2026/sub/b.yaml", "/d2/c.yaml", "/e.yaml"] {
                try write("", root + name)
            }
            // As a ConfigMap is mounted, with a subdirectory.
            try manager.createSymbolicLink(atPath: root + "/d/..data", withDestinationPath: "..2026")
            try manager.createSymbolicLink(atPath: root + "/d/a.yaml", withDestinationPath: "..data/a.yaml")
            try manager.createSymbolicLink(atPath: root + "/d/sub", withDestinationPath: "..data/sub")
            // A file may be anywhere.
            try manager.createSymbolicLink(atPath: root + "/d/e.yaml", withDestinationPath: "../e.yaml")
            for (name, target) in [("root.yaml", "/"), ("up", ".."), ("sibling", "../d2"), ("home", root)] {
                try manager.createSymbolicLink(atPath: root + "/d/" + name, withDestinationPath: target)
            }
            let start = ContinuousClock.now
            let found = InputFiles.files(at: root + "/d")
            #expect(start.duration(to: .now) < .seconds(1))
            #expect(found.compactMap { try? $0.get() } == ["a.yaml", "e.yaml", "sub/b.yaml"].map { root + "/d/" + $0 })
            let failures = found.compactMap { result -> InputFiles.Failure? in
                if case .failure(let failure) = result { failure } else { nil }
            }
            #expect(failures.map(\.path) == ["home", "root.yaml", "sibling", "up"].map { root + "/d/" + $0 })
            let text =
                "cannot be read: it is a symbolic link to a directory outside of \(root)/d; move the manifests into "
                + "\(root)/d, or remove the link"
            #expect(failures.allSatisfy { $0.message == text })
            // The directory that is named may be a link itself.
            try manager.createSymbolicLink(atPath: root + "/l", withDestinationPath: "d")
            #expect(InputFiles.files(at: root + "/l").compactMap { try? $0.get() }.count == 3)

            var log = DiagnosticLog()
            _ = ManifestReader.read(paths: [root + "/d"], log: &log)
            #expect(log.count(.error) == 4)
        }
    }

    @Test("a tree of more entries or levels than a limit is an error that names the place, not a part of the tree")
    func largeTrees() throws {
        try inDirectory { root in
            let manager = FileManager.default
            try manager.createDirectory(atPath: root + "/a/b/c", withIntermediateDirectories: true)
            for name in ["/1.yaml", "/a/2.yaml", "/a/b/3.yaml", "/a/b/c/4.yaml", "/a/b/c/5.txt"] {
                try write("", root + name)
            }
            // Each of the four directories has ".", ".." and what is in it.
            let exact = DirectoryWalk.listing(of: root, limits: .init(entries: 16, depth: 3))
            #expect(exact.files.compactMap { try? $0.get() }.count == 4)
            #expect(exact.files.count == 4)
            let many = DirectoryWalk.listing(of: root, limits: .init(entries: 15, depth: 3))
            #expect(many.directories == [root])
            #expect(
                many.files == [
                    .failure(
                        .init(
                            path: root,
                            message:
                                "cannot be read: more than 15 files and directories, reached in \(root)/a/b/c; remove "
                                + "what is not a manifest"))
                ])
            let deep = DirectoryWalk.listing(of: root, limits: .init(entries: 16, depth: 2))
            #expect(deep.files.count == 4)
            #expect(
                deep.files.contains(
                    .failure(
                        .init(
                            path: root + "/a/b/c",
                            message: "cannot be read: directories may be nested 2 levels deep; move it up"))))
            #expect(DirectoryWalk.Limits().entries == 100_000 && DirectoryWalk.Limits().depth == 32)
        }
    }

    @Test("a file that has become a named pipe is not waited for", .timeLimit(.minutes(1)))
    func pipe() throws {
        try inDirectory { root in
            let path = root + "/a.yaml"
            #expect(mkfifo(path, 0o600) == 0)
            let failure = #expect(throws: InputFiles.Failure.self) { try InputFiles.content(of: path) }
            #expect(failure?.message == "cannot be read: it is a named pipe; it must be a regular file")
            #expect(InputFiles.irregularity(of: path) == failure)
            #expect(InputFiles.irregularity(of: root) == nil)
            #expect(throws: InputFiles.Failure.self) { try InputFiles.content(of: "/dev/zero") }
            let found = InputFiles.files(at: root)
            #expect(found.count == 1 && found.first == failure.map { .failure($0) }, "in a directory it is no file")
        }
    }

    @Test("a pipe that is named outright is read to its end")
    func outrightPipe() throws {
        try inDirectory { root in
            let path = root + "/a.yaml"
            #expect(mkfifo(path, 0o600) == 0)
            let thread = Thread {
                let writing = open(path, O_WRONLY | O_CLOEXEC)
                _ = Glibc.write(writing, "text", 4)
                close(writing)
            }
            thread.start()
            let content = try InputFiles.content(of: path, allowsPipes: true)
            #expect(content == Array("text".utf8))
        }
    }

    @Test("a name that is not UTF-8 is an error that shows its bytes; what is no manifest may have any name")
    func invalidNames() throws {
        try inDirectory { root in
            for name in ["a\u{FF}.yaml", "b\u{FF}.txt"] {
                let bytes = Array(root.utf8) + [UInt8(ascii: "/")] + name.unicodeScalars.map { UInt8($0.value) } + [0]
                bytes.withUnsafeBufferPointer { pointer in
                    pointer.withMemoryRebound(to: CChar.self) { _ = close(creat($0.baseAddress!, 0o600)) }
                }
            }
            try write(service(), root + "/web.yaml")
            var log = DiagnosticLog()
            let objects = ManifestReader.read(paths: [root], log: &log)
            #expect(objects.services.count == 1)
            #expect(
                log.diagnostics.map(\.message) == ["cannot be read: the name has bytes that are not UTF-8; rename it"])
            #expect(log.diagnostics.map(\.file) == [root + "/a\\xff.yaml"])
            let failure = #expect(throws: InputFiles.Failure.self) {
                try InputFiles.content(of: root + "/a\u{FFFD}.yaml")
            }
            #expect(failure?.message.hasSuffix("(the name may have bytes that are not UTF-8; rename the file)") == true)
        }
    }

    @Test("what cannot be read is an error, and the rest is read all the same")
    func missing() throws {
        try inDirectory { root in
            try write(service(), root + "/web.txt")
            var log = DiagnosticLog()
            let paths = [root + "/no.yaml", root + "/web.txt", root + "/nowhere"]
            let objects = ManifestReader.read(paths: paths, log: &log)
            #expect(objects.services.count == 1)
            #expect(
                log.diagnostics.map(\.description) == [
                    "\(root)/no.yaml: cannot be read: No such file or directory",
                    "\(root)/nowhere: cannot be read: No such file or directory",
                ])
        }
    }

    @Test("a file that is given twice has everything twice")
    func twice() throws {
        try inDirectory { root in
            try write(service(), root + "/web.yaml")
            var log = DiagnosticLog()
            _ = ManifestReader.read(paths: [root, root + "/web.yaml"], log: &log)
            #expect(log.diagnostics.map(\.severity) == [.error])
        }
    }
}
