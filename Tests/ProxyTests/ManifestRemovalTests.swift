// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import KubernetesObjects
import ServiceModel
import TestSupport
import Testing

@testable import Proxy

/// What vanishes from manifests, at times of the test's choice.
@Suite("Objects that vanish from manifests") final class ManifestRemovalTests {
    private let folder: TemporaryFolder
    private var collection: ManifestCollection
    private let start = ContinuousClock.now

    init() throws {
        folder = try TemporaryFolder()
        collection = ManifestCollection(directory: folder.path, allowsEmpty: true, removalDelay: .seconds(2))
    }

    private func service(_ name: String, port: Int = 80) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          clusterIP: 10.96.0.1
          ports:
          - {name: a, port: \(port)}
          - {name: b, port: 443}
        ---

        """
    }

    private func write(_ text: String, to name: String = "m.yaml") throws {
        _ = try folder.write(name, text)
        // A child that another test starts meanwhile has the open file until it runs its program: a scan would pass over it.
        while FileSignature.isBeingWritten("\(folder.path)/\(name)") { usleep(1000) }
    }

    private func remove(_ name: String = "m.yaml") throws {
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
    }

    /// What is in force at a time: the names of Services, each with its ports; and what is reported then.
    private func state(at milliseconds: Int) -> (services: [String], reports: [String], isNew: Bool) {
        var scan = collection.scan(at: start + .milliseconds(milliseconds))
        let services = collection.objects(&scan).compactMap { object -> String? in
            guard case .service(let service) = object else { return nil }
            return "\(service.name.name)=\(service.ports.map { "\($0.number)" }.joined(separator: "+"))"
        }
        return (services.sorted(), scan.diagnostics.map(\.description), scan.hasChanged)
    }

    @Test("stay for the time that is set, and are named when it is over")
    func goneFile() throws {
        try write(service("a") + service("b"))
        #expect(state(at: 0).services == ["a=80+443", "b=80+443"])
        try remove()
        #expect(state(at: 1000).services == ["a=80+443", "b=80+443"])
        let still = state(at: 2999)
        #expect(still.services == ["a=80+443", "b=80+443"] && still.reports.isEmpty && !still.isNew)
        let gone = state(at: 3000)
        #expect(gone.services.isEmpty && gone.isNew)
        #expect(
            gone.reports == [
                "\(folder.path)/m.yaml: missing for 2s; removed: Service default/a, Service default/b"
            ])
        #expect(state(at: 9000).reports.isEmpty)
    }

    @Test("stay if they are back in time, and the time begins anew", arguments: [50, 1950])
    func replacedFile(after milliseconds: Int) throws {
        try write(service("a"))
        _ = state(at: 0)
        for round in 0..<3 {
            let time = round * 3000
            try remove()
            #expect(state(at: time + 10).services == ["a=80+443"])
            try write(service("a"))
            #expect(state(at: time + 10 + milliseconds).services == ["a=80+443"])
        }
        #expect(state(at: 20_000).services == ["a=80+443"])
    }

    @Test("stay in a file that is emptied or cut off behind any line, until that has lasted")
    func truncatedFile() throws {
        let text = service("a") + service("b")
        let bytes = Array(text.utf8)
        var time = 0
        for length in [0] + bytes.indices.filter({ bytes[$0] == UInt8(ascii: "\n") }).map({ $0 + 1 }).dropLast() {
            try write(text)
            let before = state(at: time).services
            #expect(before == ["a=80+443", "b=80+443"])
            try write(String(decoding: bytes[..<length], as: UTF8.self))
            #expect(state(at: time + 10).services == before, "cut off behind \(length) bytes")
            #expect(state(at: time + 1600).services == before, "cut off behind \(length) bytes")
            time += 1700
        }
        try write("")
        _ = state(at: time)
        let empty = state(at: time + 2000)
        #expect(empty.services.isEmpty)
        #expect(
            empty.reports == [
                "\(folder.path)/m.yaml: without any object for 2s; removed: Service default/a, Service default/b"
            ])
    }

    @Test("that a file keeps for good in a shorter form get it in the end")
    func shortenedFile() throws {
        let text = service("a")
        try write(text)
        _ = state(at: 0)
        let short = text.replacing("  - {name: b, port: 443}\n---\n", with: "")
        try write(short)
        #expect(state(at: 10).services == ["a=80+443"])
        let after = state(at: 2010)
        #expect(after.services == ["a=80"] && after.isNew)
        // From now on this is what the file holds.
        try write(text)
        #expect(state(at: 2020).services == ["a=80+443"])
        try write(short)
        #expect(state(at: 2030).services == ["a=80+443"])
    }

    @Test("do not keep what is new or changed from taking effect at once, nor an object that moves to another file")
    func changes() throws {
        try write(service("a") + service("b"))
        _ = state(at: 0)
        try write(service("a", port: 81) + service("c"))
        let changed = state(at: 10)
        #expect(changed.services == ["a=81+443", "b=80+443", "c=80+443"] && changed.isNew)
        try write(service("b", port: 82), to: "n.yaml")
        #expect(state(at: 20).services == ["a=81+443", "b=82+443", "c=80+443"])
        #expect(state(at: 5000).services == ["a=81+443", "b=82+443", "c=80+443"])
        try write(service("a", port: 81))
        #expect(state(at: 5010).services == ["a=81+443", "b=82+443", "c=80+443"])
        let removed = state(at: 7010)
        #expect(removed.services == ["a=81+443", "b=82+443"])
        #expect(removed.reports.isEmpty)
    }

    @Test("stay if the whole directory is exchanged, also by way of one that is missing")
    func exchangedDirectory() throws {
        let inner = "\(folder.path)/manifests"
        collection = ManifestCollection(directory: inner, allowsEmpty: true, removalDelay: .seconds(2))
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        try write(service("a"), to: "manifests/m.yaml")
        _ = state(at: 0)
        #expect(rename(inner, inner + ".old") == 0)
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        #expect(state(at: 10).services == ["a=80+443"])
        // Nobody can look for a while: the time begins anew.
        #expect(rmdir(inner) == 0)
        #expect(state(at: 1900).services == ["a=80+443"])
        #expect(state(at: 5000).services == ["a=80+443"])
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        #expect(state(at: 5010).services == ["a=80+443"])
        #expect(state(at: 6900).services == ["a=80+443"])
        #expect(state(at: 7010).services.isEmpty)
    }

    @Test(
        "stay if all manifests are gone at once, as under an empty mount, until there is one again",
        arguments: ["", "README.md", ".hidden.yaml"])
    func emptiedDirectory(left: String) throws {
        collection = ManifestCollection(directory: folder.path, removalDelay: .seconds(2))
        try write(service("a"))
        try write(service("b"), to: "n.yaml")
        #expect(state(at: 0).services == ["a=80+443", "b=80+443"])
        if !left.isEmpty { try write(service("c"), to: left) }
        try remove()
        try remove("n.yaml")
        // An editor may replace them at this moment: nothing is reported yet.
        let soon = state(at: 1000)
        #expect(soon.services == ["a=80+443", "b=80+443"] && soon.reports.isEmpty && collection.findings.isEmpty)
        let later = state(at: 3000)
        #expect(later.services == ["a=80+443", "b=80+443"])
        let report =
            "\(folder.path): holds no .yaml, .yml or .json file any more; if there are to be no Services, write a List "
            + "without items into a file, or pass --allow-empty; the last good state stays in force"
        #expect(later.reports == [report])
        #expect(collection.findings.map(\.description) == [report])
        let muchLater = state(at: 900_000)
        #expect(muchLater.services == ["a=80+443", "b=80+443"] && muchLater.reports.isEmpty && !muchLater.isNew)

        try write(service("b", port: 81), to: "n.yaml")
        let back = state(at: 900_010)
        #expect(back.services == ["a=80+443", "b=81+443"])
        #expect(back.reports == ["\(folder.path): valid again; its new state takes effect"])
        #expect(collection.findings.isEmpty)
        #expect(state(at: 902_010).services == ["b=81+443"])
    }

    @Test("go after an explicit list without items takes their place")
    func emptyList() throws {
        collection = ManifestCollection(directory: folder.path, removalDelay: .seconds(2))
        try write(service("a"))
        _ = state(at: 0)
        try remove()
        try write("{apiVersion: v1, kind: List, items: []}", to: "n.yaml")
        #expect(state(at: 10).services == ["a=80+443"])
        #expect(state(at: 2010).services.isEmpty)
    }

    @Test("stay below a directory that is exchanged for a link to the rest of the machine, or holds too much")
    func unreadableTree() throws {
        collection = ManifestCollection(directory: folder.path, removalDelay: .seconds(2))
        try write(service("a"))
        try FileManager.default.createDirectory(atPath: "\(folder.path)/below", withIntermediateDirectories: false)
        try write(service("b"), to: "below/n.yaml")
        _ = state(at: 0)
        try FileManager.default.removeItem(atPath: "\(folder.path)/below")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/below", withDestinationPath: "/")
        let linked = state(at: 10)
        #expect(linked.services == ["a=80+443", "b=80+443"])
        #expect(
            linked.reports == [
                "\(folder.path)/below: cannot be read: it is a symbolic link to a directory outside of \(folder.path); move "
                    + "the manifests into \(folder.path), or remove the link; the last good state stays in force"
            ])
        try write(service("a", port: 81))
        let changed = state(at: 9000)
        #expect(changed.services == ["a=81+443", "b=80+443"] && changed.reports.isEmpty, "the rest takes effect")
        #expect(collection.findings.count == 1)
    }

    @Test("stay in a file that is gone for a moment and then comes back bad")
    func goneAndBad() throws {
        try write(service("a"))
        _ = state(at: 0)
        try remove()
        _ = state(at: 10)
        try write("{kind: Service")
        let bad = state(at: 20)
        #expect(bad.services == ["a=80+443"])
        #expect(bad.reports.first?.hasSuffix("; the last good state stays in force") == true)
        #expect(state(at: 9000).services == ["a=80+443"])
        #expect(collection.errorsSinceTheStart.isEmpty)
    }

    @Test("of a name whose file cannot be one are reported, once", arguments: ["pipe", "socket", "device"])
    func irregularFile(type: String) throws {
        let path = "\(folder.path)/n.yaml"
        try write(service("a"))
        switch type {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "socket": try TestSocket.make(path)
        default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        }
        let names = ["pipe": "a named pipe", "socket": "a socket", "device": "a device"]
        let report = "\(path): cannot be read: it is \(names[type] ?? ""); it must be a regular file"
        let first = state(at: 0)
        #expect(first.services == ["a=80+443"] && first.reports == [report])
        #expect(state(at: 10).reports.isEmpty)
        #expect(collection.findings.map(\.description) == [report])
        #expect(collection.errorsSinceTheStart.map(\.description) == [report], "rules may be of what was there before")
        try remove("n.yaml")
        #expect(state(at: 20).reports == ["\(path): valid again; its new state takes effect"])
        #expect(collection.findings.isEmpty)
    }

    @Test("stay in a file that becomes a named pipe, and nothing waits for a writer")
    func pipe() throws {
        try write(service("a"))
        _ = state(at: 0)
        try remove()
        #expect(mkfifo("\(folder.path)/m.yaml", 0o600) == 0)
        let reports = state(at: 10).reports
        #expect(
            reports == [
                "\(folder.path)/m.yaml: cannot be read: it is a named pipe; it must be a regular file; the last good state "
                    + "stays in force"
            ])
        #expect(state(at: 9000).services == ["a=80+443"])
    }

    @Test("may be behind rules in the kernel if they could never be read, until that can be done and has lasted")
    func unread() throws {
        try write(service("a") + "{kind: Service")
        #expect(state(at: 0).services == ["a=80+443"])
        #expect(collection.errorsSinceTheStart.count == 1)
        try remove()
        _ = state(at: 10)
        #expect(collection.errorsSinceTheStart.count == 1, "it may be replaced at this moment")
        try write(service("a") + service("b"))
        _ = state(at: 20)
        #expect(collection.errorsSinceTheStart.count == 1)
        _ = state(at: 2010)
        #expect(collection.errorsSinceTheStart.isEmpty)
        try write("{kind: Service")
        _ = state(at: 2020)
        #expect(collection.errorsSinceTheStart.isEmpty, "it has a good state now")
    }
}

/// The file of a Unix socket on which nobody listens.
private enum TestSocket {
    static func make(_ path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }
}
