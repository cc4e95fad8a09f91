// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesAPI
import KubernetesObjects
import Logging
import Synchronization
import TestAPIServer
import TestSupport
import Testing

/// What a test waits for did not come.
struct Overdue: Error, CustomStringConvertible {
    let description: String
}

/// Waits until something holds.
func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !(try await condition()) {
        guard .now < deadline else { throw Overdue(description: "after \(limit) still not: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Keeps what a reflector delivers, and what is in force after it.
final class Recorder: Sendable {
    struct State {
        var updates: [ObjectUpdate] = []
        var objects: [ObjectName: KubernetesObject] = [:]
        var lists = 0
        var unreadable: [UnreadableObject] = []
        var wordCount = 0
    }

    private let state = Mutex(State())

    /// The server has said something.
    func hear() { state.withLock { $0.wordCount += 1 } }

    func add(_ update: ObjectUpdate) {
        state.withLock { state in
            state.updates.append(update)
            switch update {
            case .listed(_, let objects, let unreadable, _):
                let kept = Dictionary(
                    uniqueKeysWithValues: unreadable.compactMap { object in
                        state.objects[object.name].map { (object.name, $0) }
                    })
                state.objects = Dictionary(uniqueKeysWithValues: objects.map { ($0.name, $0) })
                    .merging(kept) { new, _ in new }
                state.unreadable = unreadable
                state.lists += 1
            case .changed(let object, _):
                state.objects[object.name] = object
            case .unreadable(let object):
                state.unreadable.append(object)
            case .removed(_, let name):
                state.objects[name] = nil
            case .unreadableFiles:
                break
            }
        }
    }

    var current: State { state.withLock { $0 } }
    var names: [String] { current.objects.keys.map(\.description).sorted() }
    var lists: Int { current.lists }
}

/// Keeps when contact was lost and regained.
final class ContactRecorder: Sendable {
    private let state = Mutex<[ContactChange]>([])

    func add(_ change: ContactChange) { state.withLock { $0.append(change) } }

    var changes: [ContactChange] { state.withLock { $0 } }
}

extension ReflectorTiming {
    /// Short pauses without chance, so that tests are quick.
    static var quick: ReflectorTiming {
        var timing = ReflectorTiming()
        timing.firstPause = .milliseconds(10)
        timing.longestPause = .milliseconds(80)
        timing.settling = .milliseconds(100)
        timing.shortestWatch = .milliseconds(20)
        timing.random = { $0.lowerBound }
        return timing
    }
}

extension ClientLimits {
    /// Short limits.
    static var quick: ClientLimits {
        var limits = ClientLimits()
        limits.connect = .seconds(10)
        limits.silence = .seconds(20)
        limits.answer = .seconds(20)
        return limits
    }
}

/// A server, a client and a reflector that runs.
struct Rig: Sendable {
    let server: TestAPIServer
    let recorder: Recorder
    let log: LogRecorder
    let contact = ContactRecorder()

    /// Runs a reflector against a server for as long as `body` takes.
    static func run(
        _ resource: WatchedResource = .services, timing: ReflectorTiming = .quick, limits: ClientLimits = .quick,
        bookmarks: Duration = .milliseconds(100), before: (TestAPIServer) async throws -> Void = { _ in },
        connection edit: (inout ClusterConnection) -> Void = { _ in }, _ body: @Sendable (Rig) async throws -> Void
    ) async throws {
        let server = TestAPIServer(bookmarkPeriod: bookmarks)
        try await before(server)
        var connection = ClusterConnection(server: try ServerAddress(try await server.start()), origin: "test")
        edit(&connection)
        let client = APIClient(connection, version: "0", limits: limits)
        let rig = Rig(server: server, recorder: Recorder(), log: LogRecorder())
        let reflector = Reflector(
            resource, client: client, timing: timing, logger: rig.log.logger, received: { rig.recorder.hear() },
            contactChanged: { rig.contact.add($0) },
            deliver: { rig.recorder.add($0) })
        let task = Task { await reflector.run() }
        do {
            try await body(rig)
        } catch {
            task.cancel()
            await task.value
            await client.shutdown()
            await server.stop()
            throw error
        }
        task.cancel()
        await task.value
        await client.shutdown()
        await server.stop()
    }

    var warnings: [String] { log.warnings }
    var infos: [String] { log.infos }
    var debugs: [String] { log.debugs }

    /// Waits until these Services are in force, and no others.
    func expect(_ names: String..., within limit: Duration = .seconds(30)) async throws {
        let wanted = names.map { "default/\($0)" }.sorted()
        try await eventually("in force: \(wanted), but \(recorder.names)", within: limit) { recorder.names == wanted }
    }

    /// Waits until a watch runs.
    func expectWatch(_ resource: ServedResource = .services) async throws {
        try await eventually("a watch runs") { server.counts(resource).running > 0 }
    }
}

/// A Service in JSON.
func service(_ name: String, clusterIP: String = "10.0.0.1", labels: String = "{}", port: String = "80") -> String {
    """
    {"kind":"Service","apiVersion":"v1","metadata":{"name":"\(name)","namespace":"default","labels":\(labels)},
     "spec":{"clusterIP":"\(clusterIP)","clusterIPs":["\(clusterIP)"],"ports":[{"port":\(port),"protocol":"TCP"}]}}
    """
}
