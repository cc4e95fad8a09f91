// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// Keeps what could not be read at the start until it can be read, or is gone.
///
/// Once everything has been read it is closed: what turns unreadable later has a last good state, or is new and has no rules.
struct GapRecord: Sendable {
    private(set) var gaps = InputGaps()
    private var objects: [ObjectKey: [Diagnostic]] = [:]
    private var files: [Diagnostic] = []
    private var isClosed = false

    /// Takes note of an update, before it takes effect.
    ///
    /// - Parameter known: the objects of which there is a good state.
    /// - Returns: whether something else cannot be read than before.
    mutating func take(_ update: ObjectUpdate, known: ClusterObjects) -> Bool {
        guard !isClosed else { return false }
        func add(_ object: UnreadableObject) {
            if known.object(object.kind, object.name) == nil {
                objects[ObjectKey(kind: object.kind, name: object.name)] = object.diagnostics
            }
        }
        switch update {
        case .listed(let kind, _, let unreadable, _):
            objects = objects.filter { $0.key.kind != kind }
            unreadable.forEach(add)
        case .changed(let object, _): objects[ObjectKey(object)] = nil
        case .unreadable(let object): add(object)
        case .removed(let kind, let name): objects[ObjectKey(kind: kind, name: name)] = nil
        case .unreadableFiles(let errors): files = errors
        }
        let new = InputGaps(files + objects.sorted { $0.key < $1.key }.flatMap(\.value))
        defer { gaps = new }
        return new != gaps
    }

    /// Ends it if everything could be read.
    mutating func closeIfEmpty() { isClosed = isClosed || gaps.isEmpty }
}
