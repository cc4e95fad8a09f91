// SPDX-License-Identifier: Apache-2.0

import Documents
import NIOCore
import Synchronization

/// The objects, their history and everybody who watches them.
final class ObjectStore: Sendable {
    /// How many changes are remembered before old ones are forgotten.
    static let historyLimit = 10_000

    struct Entry: Sendable {
        let object: StoredObject
        let version: Int
    }

    struct Change {
        let version: Int
        let resource: ServedResource
        let old: StoredObject?
        let new: StoredObject?
    }

    struct Watcher {
        let resource: ServedResource
        let selectors: Selectors
        /// Only what is newer than this is sent.
        let start: Int
        let continuation: AsyncStream<WatchItem>.Continuation
        var isSilent = false
    }

    struct Snapshot {
        let version: Int
        let entries: [Entry]
    }

    struct PlannedFault {
        let fault: Fault
        let resource: ServedResource
        let scope: FaultScope
        var times: Int
    }

    struct State {
        var version: Int
        /// The oldest version that a watch can begin at.
        var oldest: Int
        var objects: [ServedResource: [String: Entry]] = [:]
        var sorted: [ServedResource: [Entry]] = [:]
        var history: [Change] = []
        var watchers: [Int: Watcher] = [:]
        var snapshots: [String: Snapshot] = [:]
        var snapshotNames: [String] = []
        var counts: [ServedResource: RequestCounts] = [:]
        var access: Set<RequestedAccess> = []
        var faults: [PlannedFault] = []
        var tokens: Set<String>?
        var expiresAsEvent = false
        var number = 0
    }

    let state: Mutex<State>

    init(version: Int) { state = Mutex(State(version: version, oldest: version)) }

    var version: Int { state.withLock { $0.version } }

    func put(_ objects: [DocumentObject]) throws {
        try state.withLock { state in
            for object in objects {
                guard let resource = ServedResource(kind: object["kind"]?.string ?? "") else {
                    throw ServerProblem(
                        description: "the kind \(object["kind"]?.string ?? "of an object") is not served")
                }
                state.number += 1
                let stored = try StoredObject(object, resource: resource, uid: state.number)
                Self.change(&state, resource, key: stored.key, to: stored)
            }
        }
    }

    func delete(_ resource: ServedResource, key: String) {
        state.withLock { Self.change(&$0, resource, key: key, to: nil) }
    }

    func replaceAll(_ objects: [DocumentObject]) throws {
        try put(objects)
        let kept = objects.map { ($0["kind"]?.string ?? "", $0["metadata"]?.object) }.map { kind, metadata in
            let namespace = kind == "Node" ? "" : "\(metadata?["namespace"]?.string ?? "default")/"
            return "\(kind) \(namespace)\(metadata?["name"]?.string ?? "")"
        }
        let names = Set(kept)
        state.withLock { state in
            for resource in ServedResource.allCases {
                for key in state.objects[resource, default: [:]].keys where !names.contains("\(resource.kind) \(key)") {
                    Self.change(&state, resource, key: key, to: nil)
                }
            }
        }
    }

    static func change(
        _ state: inout State, _ resource: ServedResource, key: String, to new: StoredObject?
    ) {
        let old = state.objects[resource]?[key]?.object
        if old == nil, new == nil { return }
        state.version += 1
        state.objects[resource, default: [:]][key] = new.map { Entry(object: $0, version: state.version) }
        state.sorted[resource] = nil
        let change = Change(version: state.version, resource: resource, old: old, new: new)
        state.history.append(change)
        if state.history.count > 2 * historyLimit {
            state.history.removeFirst(historyLimit)
            state.oldest = state.history[0].version - 1
        }
        for watcher in state.watchers.values where watcher.resource == resource && !watcher.isSilent {
            if change.version > watcher.start, let line = line(of: change, watcher.selectors) {
                watcher.continuation.yield(.bytes(line))
            }
        }
    }

    /// What a watch with selectors sees of a change: an object that ceases to match is deleted for it.
    static func line(of change: Change, _ selectors: Selectors) -> ByteBuffer? {
        let old = change.old.flatMap { selectors.match($0) ? $0 : nil }
        let new = change.new.flatMap { selectors.match($0) ? $0 : nil }
        switch (old, new) {
        case (nil, let new?): return line("ADDED", new, version: change.version)
        case (_?, let new?): return line("MODIFIED", new, version: change.version)
        case (let old?, nil): return line("DELETED", old, version: change.version)
        case (nil, nil): return nil
        }
    }

    static func line(_ type: String, _ object: StoredObject, version: Int) -> ByteBuffer {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(object.size + 100)
        bytes.append(contentsOf: #"{"type":"\#(type)","object":"#.utf8)
        object.appendWhole(version: version, to: &bytes)
        bytes.append(contentsOf: "}\n".utf8)
        return ByteBuffer(bytes: bytes)
    }

    /// Forgets all changes so far: older watches cannot begin any more, and lists not go on.
    func compact() {
        state.withLock { state in
            state.history = []
            state.oldest = state.version
            state.snapshots = [:]
            state.snapshotNames = []
        }
    }

    /// Goes back to an older version, with objects of then: what a server does whose storage was restored.
    func goBack(to version: Int, objects: [DocumentObject]) throws {
        state.withLock { state in
            state.version = version
            state.oldest = version
            state.objects = [:]
            state.sorted = [:]
            state.history = []
            state.snapshots = [:]
            state.snapshotNames = []
        }
        try put(objects)
    }

    func setExpiresAsEvent(_ value: Bool) { state.withLock { $0.expiresAsEvent = value } }
}
