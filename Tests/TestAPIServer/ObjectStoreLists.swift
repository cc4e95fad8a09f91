// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lists, page by page.
extension ObjectStore {
    /// A page of a list as text.
    func page(
        _ resource: ServedResource, _ selectors: Selectors, limit: Int?, continuation: String?
    ) throws(StatusRefusal) -> [UInt8] {
        let page = try part(resource, selectors, limit: limit, continuation: continuation).get()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(page.entries.reduce(300) { $0 + $1.object.size })
        var head = #"{"kind":"\#(resource.kind)List","apiVersion":"\#(resource.apiVersion)","metadata":{"#
        head += #""resourceVersion":"\#(page.version)""#
        if let next = page.next { head += #","continue":"\#(next)""# }
        // With selectors the server does not know how many are left.
        if page.next != nil, selectors.isEmpty { head += #","remainingItemCount":\#(page.left)"# }
        bytes.append(contentsOf: (head + #"},"items":["#).utf8)
        for (index, entry) in page.entries.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            entry.object.appendItem(version: entry.version, to: &bytes)
        }
        bytes.append(contentsOf: "]}\n".utf8)
        return bytes
    }

    struct StatusRefusal: Error { let answer: StatusAnswer }

    struct Part {
        let version: Int
        let entries: ArraySlice<Entry>
        let next: String?
        let left: Int
    }

    func part(
        _ resource: ServedResource, _ selectors: Selectors, limit: Int?, continuation: String?
    ) -> Result<Part, StatusRefusal> {
        state.withLock { state in
            var snapshot: Snapshot
            var start = 0
            var name = ""
            if let continuation {
                let pieces = continuation.split(separator: ".")
                guard pieces.count == 2, let offset = Int(pieces[1]), let found = state.snapshots[String(pieces[0])]
                else {
                    return .failure(StatusRefusal(answer: .expiredContinue))
                }
                (snapshot, start, name) = (found, offset, String(pieces[0]))
            } else {
                let all = Self.sorted(&state, resource)
                let chosen = selectors.isEmpty ? all : all.filter { selectors.match($0.object) }
                snapshot = Snapshot(version: state.version, entries: chosen)
            }
            let end = min(snapshot.entries.count, start + (limit ?? snapshot.entries.count))
            var next: String?
            if end < snapshot.entries.count {
                if name.isEmpty {
                    state.number += 1
                    name = "page\(state.number)"
                    state.snapshots[name] = snapshot
                    state.snapshotNames.append(name)
                    if state.snapshotNames.count > 8 { state.snapshots[state.snapshotNames.removeFirst()] = nil }
                }
                next = "\(name).\(end)"
            }
            return .success(
                Part(
                    version: snapshot.version, entries: snapshot.entries[start..<end], next: next,
                    left: snapshot.entries.count - end))
        }
    }

    static func sorted(_ state: inout State, _ resource: ServedResource) -> [Entry] {
        if let sorted = state.sorted[resource] { return sorted }
        let sorted = state.objects[resource, default: [:]].values.sorted { $0.object.key < $1.object.key }
        state.sorted[resource] = sorted
        return sorted
    }
}
