// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import KubernetesObjects
import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

/// An answer that was recorded from a real server.
enum Recording {
    static func bytes(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Repository.fixtures.appending(path: "apiserver/\(file)")))
    }

    static func lines(_ file: String) throws -> [[UInt8]] {
        try bytes(file).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    static func object(_ file: String) throws -> DocumentObject {
        try #require(try DocumentValue(json: try bytes(file)).object)
    }
}

@Suite("Answers of a real API server")
struct RecordingTests {
    @Test("lists are read")
    func lists() throws {
        let services = try ResourceDecoder(kind: .service).page(try Recording.bytes("services-list.json"))
        #expect(services.objects.map(\.name.name) == ["kubernetes", "lb", "myapp", "redis"])
        #expect(services.resourceVersion == "82")
        #expect(services.continuation.isEmpty)
        let slices = try ResourceDecoder(kind: .endpointSlice).page(try Recording.bytes("endpointslices-list.json"))
        #expect(slices.objects.map(\.name.name) == ["kubernetes", "redis-abcde"])
        let nodes = try ResourceDecoder(kind: .node).page(try Recording.bytes("nodes-list-one.json"))
        #expect(nodes.objects.map(\.name.name) == ["test-node"])
        let first = try ResourceDecoder(kind: .service).page(try Recording.bytes("services-list-page1.json"))
        let second = try ResourceDecoder(kind: .service).page(try Recording.bytes("services-list-page2.json"))
        #expect(first.objects + second.objects == services.objects)
        #expect(!first.continuation.isEmpty && second.continuation.isEmpty)
    }

    @Test("objects without their managed fields are the objects as they are")
    func managedFields() throws {
        let whole = try Recording.object("services-list.json")
        let items = try #require(whole["items"]?.array)
        let read = try ResourceDecoder(kind: .service).page(try Recording.bytes("services-list.json"))
        var log = DiagnosticLog()
        let objects = items.compactMap { $0.object.flatMap { KubernetesObject($0, kind: .service, log: &log) } }
        #expect(objects == read.objects)
        #expect(log.diagnostics.isEmpty)
    }

    @Test("a watch of Services is read, in which one gains the label that hides it and loses it again")
    func watch() throws {
        let decoder = ResourceDecoder(kind: .service)
        let steps = try Recording.lines("services-watch.jsonl").map { line in
            switch try line.withUnsafeBufferPointer({ try decoder.step($0) }) {
            case .update(.changed(let object, _), let version): "changed \(object.name) \(version)"
            case .update(.removed(_, let name), let version): "removed \(name) \(version)"
            case .update(let update, _): "\(update)"
            case .bookmark(let version): "bookmark \(version)"
            case .ended(let status): "ended \(status)"
            }
        }
        #expect(
            steps == [
                "changed default/web 84", "changed default/web 86", "removed default/web 87", "changed default/web 89",
                "removed default/web 91", "bookmark 91", "bookmark 91", "bookmark 91",
            ])
    }

    @Test(
        "all recorded watches are read without a fault",
        arguments: ["services-watch", "services-watch-from-start", "services-watchlist", "endpointslices-watch"])
    func watches(file: String) throws {
        let decoder = ResourceDecoder(kind: file.hasPrefix("services") ? .service : .endpointSlice)
        for line in try Recording.lines("\(file).jsonl") {
            _ = try line.withUnsafeBufferPointer { try decoder.step($0) }
        }
    }

    @Test("refusals are read")
    func refusals() throws {
        func status(_ file: String, code: Int) throws -> APIStatus {
            APIStatus(code: code, retryAfterHeader: nil, body: try Recording.bytes(file))
        }
        let tooLarge = try status("too-large-resource-version.json", code: 504)
        #expect(tooLarge.isTooLargeResourceVersion)
        #expect(tooLarge.retryAfter == .seconds(1))
        #expect(try status("unauthorized.json", code: 401).description == "401 Unauthorized: Unauthorized")
        #expect(
            try status("not-found.json", code: 404).description
                == "404 NotFound: the server could not find the requested resource")
    }

    @Test("a recorded watch is followed over a real connection")
    func replayed() async throws {
        try await Rig.run(bookmarks: .seconds(60), before: { _ in }) { rig in
            try await rig.expectWatch()
            // The server stands at 1000; the recording must not seem to be older.
            let text = try Recording.bytes("services-watch.jsonl")
            let raised = String(decoding: text, as: UTF8.self)
                .replacing(#/"resourceVersion":"(\d+)"/#) { "\"resourceVersion\":\"10\($0.1)\"" }
            rig.server.send([Array(raised.utf8)], toWatchesOf: .services)
            try await eventually("six updates") { rig.recorder.current.updates.count == 6 }
            #expect(rig.recorder.names.isEmpty)
            #expect(rig.warnings.isEmpty)
        }
    }
}

/// Runs curl on a thread of its own: blocking one of the few that tasks have would stop the server that it asks.
private func curl(_ arguments: String...) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try Subprocess.check(["curl", "-sgN", "-m", "20"] + arguments) })
        }
    }
}

@Suite("The tests' API server")
struct TestAPIServerTests {
    /// The keys of a value and, in brackets, the keys of what they hold; lists by their first element.
    private func shape(_ value: DocumentValue?, depth: Int) -> String {
        switch value {
        case .object(let object)? where depth > 0:
            let members = object.members.map { member in
                let inner = shape(member.value, depth: depth - 1)
                return inner.isEmpty ? member.key : "\(member.key)\(inner)"
            }
            return "{\(members.joined(separator: " "))}"
        case .array(let elements)?:
            return "[\(shape(elements.first, depth: depth - 1))]"
        default:
            return ""
        }
    }

    /// A server with the recorded objects, and what it answers to a request.
    private func ask(_ paths: String...) async throws -> [String] {
        let server = TestAPIServer(bookmarkPeriod: .milliseconds(50))
        for (file, kind, version) in [
            ("services-list", "Service", "v1"), ("endpointslices-list", "EndpointSlice", "discovery.k8s.io/v1"),
            ("nodes-list-one", "Node", "v1"),
        ] {
            let items = try #require(try Recording.object("\(file).json")["items"]?.array)
            let header = [
                DocumentObject.Member(key: "kind", value: .string(kind)),
                DocumentObject.Member(key: "apiVersion", value: .string(version)),
            ]
            try server.put(items.compactMap { $0.object.map { DocumentObject(header + $0.members) } })
        }
        let url = try await server.start()
        var answers: [String] = []
        for path in paths { answers.append(try await curl(url + path)) }
        await server.stop()
        return answers
    }

    @Test(
        "lists have the shape of recorded ones",
        arguments: [
            ("services-list.json", "/api/v1/services"),
            ("endpointslices-list.json", "/apis/discovery.k8s.io/v1/endpointslices"),
            ("nodes-list-one.json", "/api/v1/nodes?fieldSelector=metadata.name%3Dtest-node"),
            ("services-list-page1.json", "/api/v1/services?limit=2"),
        ])
    func lists(file: String, path: String) async throws {
        let answer = try await ask(path)
        let value = try DocumentValue(json: Array(answer[0].utf8))
        // Down to the metadata and the specification of the first object.
        let recorded = DocumentValue.object(try Recording.object(file))
        #expect(shape(value, depth: 4) == shape(recorded, depth: 4))
    }

    @Test(
        "refusals are recorded ones",
        arguments: [
            ("not-found.json", "/apis/discovery.k8s.io/v9/endpointslices"),
            (
                "too-large-resource-version.json",
                "/api/v1/services?resourceVersion=999999999&resourceVersionMatch=NotOlderThan"
            ),
        ])
    func refusals(file: String, path: String) async throws {
        let answer = try await ask(path)
        let recorded = String(decoding: try Recording.bytes(file), as: UTF8.self)
        #expect(
            answer[0].replacing(#/current: \d+/#, with: "current: 115")
                == recorded.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test("a watch has the lines of the recorded one")
    func watch() async throws {
        let server = TestAPIServer(bookmarkPeriod: .milliseconds(200))
        let url = try await server.start()
        let query = "watch=1&labelSelector=!service.kubernetes.io/service-proxy-name&resourceVersion=\(server.version)"
        async let text = curl("\(url)/api/v1/services?\(query)&timeoutSeconds=1")
        try await eventually("a watch runs") { server.counts(.services).running > 0 }
        let foreign = #"{"service.kubernetes.io/service-proxy-name":"x"}"#
        try server.put(json: service("web"))
        try server.put(json: service("web"))
        try server.put(json: service("web", labels: foreign))
        try server.put(json: service("web"))
        server.delete(.services, name: "web")
        let lines = try await text.split(separator: "\n").map { try DocumentValue(json: Array($0.utf8)).object }
        let recorded = try Recording.lines("services-watch.jsonl").map { try DocumentValue(json: $0).object }
        // When bookmarks come is a matter of time.
        func isBookmark(_ line: DocumentObject?) -> Bool { line?["type"] == .string("BOOKMARK") }
        #expect(
            lines.filter { !isBookmark($0) }.map { $0?["type"] }
                == recorded.prefix(6).filter { !isBookmark($0) }.map { $0?["type"] })
        let bookmark = try #require(recorded.first(where: isBookmark) ?? nil)
        let ours = try #require(lines.first(where: isBookmark) ?? nil)
        #expect(shape(.object(ours), depth: 9) == shape(.object(bookmark), depth: 9))
        await server.stop()
    }

    @Test("what programs tell it is done")
    func control() async throws {
        let server = TestAPIServer()
        let url = try await server.start()
        _ = try await curl("-X", "PUT", "--data-binary", service("a") + service("b"), "\(url)/control/objects")
        _ = try await curl("-X", "DELETE", "\(url)/control/objects?kind=Service&name=a")
        #expect(try await curl("\(url)/api/v1/services").contains(#""name":"b""#))
        _ = try await curl("-X", "POST", "\(url)/control/faults?resource=services&fault=gone")
        #expect(try await curl("\(url)/api/v1/services").contains("Expired"))
        #expect(try await curl("\(url)/control/stats").contains(#""services":{"lists":2,"pages":0"#))
        #expect(try await curl("-X", "POST", "\(url)/control/faults?resource=x&fault=gone").contains("BadRequest"))
        _ = try await curl("-X", "POST", "\(url)/control/compact")
        #expect(
            try await curl("\(url)/api/v1/services?watch=1&resourceVersion=1000").contains("too old resource version"))
        await server.stop()
    }
}
