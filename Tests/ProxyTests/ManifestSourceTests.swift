// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import KubernetesObjects
import Synchronization
import Testing

@testable import Proxy

@Suite("A directory of manifests") final class ManifestSourceTests: Sendable {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)").path
    private let delivered = Mutex<[Set<String>]>([])
    private let reported = Mutex<[String]>([])
    private let errors = Mutex<[[String]]>([])

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func manifest(_ name: String, ip: String = "10.96.0.1") -> String {
        "{apiVersion: v1, kind: Service, metadata: {name: \(name)}, spec: {clusterIP: \(ip), ports: [{port: 80}]}}\n"
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
    }

    /// Runs the source while `body` runs; it learns of changes by inotify only.
    private func watching(
        _ directory: String? = nil, allowsEmpty: Bool = false, removalDelay: Duration = .zero,
        _ body: () async throws -> Void
    ) async rethrows {
        let source = ManifestSource(
            directory: directory ?? self.directory, allowsEmpty: allowsEmpty, removalDelay: removalDelay,
            pollPeriod: .seconds(600))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                await source.run(
                    report: { diagnostics in reported.withLock { $0 += diagnostics.map(\.description) } },
                    reportFindings: { diagnostics in errors.withLock { $0.append(diagnostics.map(\.description)) } },
                    deliver: { updates in
                        let names = updates.flatMap { update -> [String] in
                            guard case .listed(_, let objects, _, _) = update else { return [] }
                            return objects.map(\.name.name)
                        }
                        delivered.withLock { $0.append(Set(names)) }
                    })
            }
            try await body()
            group.cancelAll()
        }
    }

    private var last: Set<String>? { delivered.withLock { $0.last } }

    private func expect(_ names: Set<String>, _ location: SourceLocation = #_sourceLocation) async {
        await eventually("delivered: \(names)", location: location) { self.last == names }
    }

    @Test("is waited for if it holds no object at the start", arguments: ["", "not a manifest", "{apiVersion: v1}"])
    func nothing(text: String) async throws {
        try write(text, to: "a.yaml")
        try await watching {
            await eventually("reported") { self.reported.withLock { $0.contains { $0.contains("no rules are made") } } }
            #expect(delivered.withLock { $0 }.isEmpty)
            try write(manifest("b"), to: "b.yaml")
            await expect(["b"])
            // Once objects are known, it is another matter if they go.
            try FileManager.default.removeItem(atPath: "\(directory)/b.yaml")
            await expect([])
        }
    }

    @Test("may hold an explicit list without items")
    func emptyList() async throws {
        try write("{apiVersion: v1, kind: List, items: []}", to: "a.yaml")
        await watching { await expect([]) }
        #expect(reported.withLock { $0 }.isEmpty)
    }

    @Test("is delivered whole at the start, and again after each change")
    func changes() async throws {
        try write(manifest("a"), to: "a.yaml")
        try await watching {
            await expect(["a"])
            try write(manifest("b"), to: "b.json")
            await expect(["a", "b"])
            try FileManager.default.createDirectory(
                atPath: "\(directory)/below", withIntermediateDirectories: false)
            try write(manifest("c"), to: "below/c.yml")
            await expect(["a", "b", "c"])
            try write(manifest("d"), to: "below/c.yml")
            await expect(["a", "b", "d"])
            try FileManager.default.moveItem(atPath: "\(directory)/a.yaml", toPath: "\(directory)/a.off")
            await expect(["b", "d"])
            try FileManager.default.removeItem(atPath: "\(directory)/below")
            await expect(["b"])
        }
        #expect(
            reported.withLock { $0 } == [
                "\(directory)/a.yaml: missing for 0s; removed: Service default/a",
                "\(directory)/below/c.yml: missing for 0s; removed: Service default/d",
            ])
    }

    @Test("keeps the last good state of a file that turns bad, and reports it once")
    func badFiles() async throws {
        try write(manifest("a"), to: "a.yaml")
        try await watching {
            await expect(["a"])
            try write("{apiVersion: v1, kind: Service", to: "a.yaml")
            await eventually("reported") { self.reported.withLock { $0.count } == 1 }
            try write(manifest("b"), to: "b.yaml")
            await expect(["a", "b"])
            try write(manifest("z"), to: "a.yaml")
            await expect(["z", "b"])
        }
        let lines = reported.withLock { $0 }
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix("; the last good state stays in force") == true)
        #expect(lines.last == "\(directory)/a.yaml: valid again; its new state takes effect")
        #expect(errors.withLock { $0 } == [[lines[0]], []])
    }

    @Test("takes what can be read of a file that was never good")
    func neverGood() async throws {
        try write("\(manifest("a"))---\n{apiVersion: v1, kind: Service, metadata: {}}\n", to: "a.yaml")
        await watching { await expect(["a"]) }
        let lines = reported.withLock { $0 }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("last good state") == false)
        #expect(errors.withLock { $0 } == [lines])
    }

    @Test("does not read a file while it is being written to")
    func openFiles() async throws {
        try write(manifest("a"), to: "a.yaml")
        try await watching {
            await expect(["a"])
            let path = "\(directory)/a.yaml"
            let half = try #require(fileForWriting(path))
            try half.truncate(atOffset: 0)
            try half.write(contentsOf: Data("---\n".utf8))
            // The other file has the directory scanned meanwhile.
            try write(manifest("b"), to: "b.yaml")
            await expect(["a", "b"])
            try half.write(contentsOf: Data(manifest("c").utf8))
            try half.close()
            await expect(["c", "b"])
        }
        #expect(!delivered.withLock { $0 }.contains(["b"]))
    }

    @Test("follows symbolic links that are swapped, as ConfigMap mounts swap them")
    func configMaps() async throws {
        let files = FileManager.default
        func generation(_ name: String, _ text: String) throws {
            try files.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
            try write(text, to: "\(name)/objects.yaml")
        }
        try generation("..1", manifest("a"))
        try files.createSymbolicLink(atPath: "\(directory)/..data", withDestinationPath: "..1")
        try files.createSymbolicLink(
            atPath: "\(directory)/objects.yaml", withDestinationPath: "..data/objects.yaml")
        try await watching {
            await expect(["a"])
            try generation("..2", manifest("b"))
            try files.createSymbolicLink(atPath: "\(directory)/..data_tmp", withDestinationPath: "..2")
            #expect(rename("\(directory)/..data_tmp", "\(directory)/..data") == 0)
            try files.removeItem(atPath: "\(directory)/..1")
            await expect(["b"])
        }
        #expect(reported.withLock { $0 }.isEmpty)
    }

    @Test("that is gone stays in force, until it is back")
    func goneDirectory() async throws {
        let inner = "\(directory)/manifests"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        try write(manifest("a"), to: "manifests/a.yaml")
        try await watching(inner) {
            await expect(["a"])
            try FileManager.default.moveItem(atPath: inner, toPath: "\(inner).old")
            await eventually("reported") { self.reported.withLock { $0.count } == 1 }
            #expect(delivered.withLock { $0 } == [["a"]])
            try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
            try write(manifest("b"), to: "manifests/b.yaml")
            await expect(["b"])
        }
    }

    @Test("that is exchanged for an empty one stays in force, unless empty ones are allowed", arguments: [false, true])
    func emptiedDirectory(allowsEmpty: Bool) async throws {
        let files = FileManager.default
        for name in ["full", "empty"] {
            try files.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
        }
        try write(manifest("a"), to: "full/a.yaml")
        let inner = "\(directory)/manifests"
        try files.createSymbolicLink(atPath: inner, withDestinationPath: "full")
        try await watching(inner, allowsEmpty: allowsEmpty) {
            await expect(["a"])
            try files.createSymbolicLink(atPath: "\(inner).new", withDestinationPath: "empty")
            #expect(rename("\(inner).new", inner) == 0)
            await eventually("reported") { self.reported.withLock { $0.count } == 1 }
            if allowsEmpty { return await expect([]) }
            #expect(delivered.withLock { $0 } == [["a"]])
            #expect(errors.withLock { $0.last?.first }?.contains("holds no .yaml, .yml or .json file") == true)
            try write(manifest("b"), to: "manifests/b.yaml")
            await expect(["b"])
            #expect(errors.withLock { $0.last } == [])
        }
    }

    @Test("waits at the start for a file that is being written to, whose Services may be in the kernel")
    func openAtTheStart() async throws {
        try write(manifest("a"), to: "a.yaml")
        let file = try #require(fileForWriting("\(directory)/a.yaml"))
        try await watching {
            await eventually("reported") { self.reported.withLock { $0.count } == 1 }
            #expect(last == nil)
            try file.close()
            await expect(["a"])
        }
        #expect(reported.withLock { $0 }.allSatisfy { $0.contains("is being written to") })
    }

    @Test("watches directories that hold nothing yet, and reports pipes")
    func directoriesAndPipes() async throws {
        try write(manifest("a"), to: "a.yaml")
        #expect(mkfifo("\(directory)/pipe.yaml", 0o600) == 0)
        try await watching {
            await expect(["a"])
            try FileManager.default.createDirectory(
                atPath: "\(directory)/empty", withIntermediateDirectories: false)
            try await Task.sleep(for: .milliseconds(200))
            try write(manifest("b"), to: "empty/b.yaml")
            await expect(["a", "b"])
        }
        let pipe = "\(directory)/pipe.yaml: cannot be read: it is a named pipe; it must be a regular file"
        #expect(reported.withLock { $0 } == [pipe])
        #expect(errors.withLock { $0 } == [[pipe]])
    }

    @Test("reports once what cannot be examined, and keeps what was there")
    func danglingLinks() async throws {
        try FileManager.default.createDirectory(atPath: "\(directory)/..1", withIntermediateDirectories: false)
        try write(manifest("a"), to: "..1/a.yaml")
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory)/a.yaml", withDestinationPath: "..1/a.yaml")
        try await watching {
            await expect(["a"])
            try FileManager.default.removeItem(atPath: "\(directory)/..1")
            await eventually("reported") { self.reported.withLock { $0.count } == 1 }
            for number in 1...3 {
                try write(manifest("b\(number)"), to: "b.yaml")
                await expect(["a", "b\(number)"])
            }
        }
        #expect(reported.withLock { $0 }.count == 1)
    }

    @Test("with one object in two files: the file that comes first counts, and it is reported once")
    func duplicates() async throws {
        try write(manifest("a", ip: "10.96.0.1"), to: "1.yaml")
        try write(manifest("a", ip: "10.96.0.2"), to: "2.yaml")
        try await watching {
            await expect(["a"])
            try write(manifest("b"), to: "3.yaml")
            await expect(["a", "b"])
        }
        #expect(reported.withLock { $0 }.count == 1)
    }
}

/// A file open for writing that no child process of another test inherits: there it would stay open.
private func fileForWriting(_ path: String) -> FileHandle? {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    return descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
}
