// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// What a watch is handed.
enum WatchItem: Sendable {
    /// Lines, or what a test wants to be sent instead.
    case bytes(ByteBuffer)
    /// The connection breaks.
    case broken
}

/// Watches, from their beginning to their end.
extension ObjectStore {
    /// Begins a watch: what happened since a version, and what happens from now on.
    func watch(
        _ resource: ServedResource, _ selectors: Selectors, from start: Int
    ) throws(StatusRefusal) -> (number: Int, items: AsyncStream<WatchItem>) {
        let (stream, continuation) = AsyncStream.makeStream(of: WatchItem.self)
        let number: Result<Int, StatusRefusal> = state.withLock { state in
            guard start >= state.oldest else {
                let status = StatusAnswer.expired(start, oldest: state.oldest)
                guard state.expiresAsEvent else { return .failure(StatusRefusal(answer: status)) }
                continuation.yield(.bytes(ByteBuffer(string: #"{"type":"ERROR","object":\#(status.json)}"# + "\n")))
                continuation.finish()
                return .success(0)
            }
            for change in state.history where change.version > start && change.resource == resource {
                if let line = Self.line(of: change, selectors) { continuation.yield(.bytes(line)) }
            }
            state.number += 1
            state.watchers[state.number] = Watcher(
                resource: resource, selectors: selectors, start: start, continuation: continuation)
            return .success(state.number)
        }
        return (try number.get(), stream)
    }

    func endWatch(_ number: Int) {
        state.withLock { $0.watchers.removeValue(forKey: number) }?.continuation.finish()
    }

    /// Sends each running watch of a resource something, and takes them away from what comes if they end.
    func send(_ items: [WatchItem], to resource: ServedResource, isEnd: Bool) {
        state.withLock { state in
            for (number, watcher) in state.watchers where watcher.resource == resource {
                for item in items { watcher.continuation.yield(item) }
                if isEnd {
                    watcher.continuation.finish()
                    state.watchers[number] = nil
                }
            }
        }
    }

    /// Lets running watches go on without a byte.
    func silenceWatches(_ resource: ServedResource) {
        state.withLock { state in
            for (number, watcher) in state.watchers where watcher.resource == resource {
                state.watchers[number]?.isSilent = true
            }
        }
    }

    /// Sends a bookmark to every watch that is not ahead of the server.
    func sendBookmarks() {
        state.withLock { state in
            for watcher in state.watchers.values where !watcher.isSilent && watcher.start <= state.version {
                let resource = watcher.resource
                let line =
                    #"{"type":"BOOKMARK","object":{"kind":"\#(resource.kind)","apiVersion":"\#(resource.apiVersion)","#
                    + #""metadata":{"resourceVersion":"\#(state.version)"}\#(resource.emptyRest)}}"# + "\n"
                watcher.continuation.yield(.bytes(ByteBuffer(string: line)))
            }
        }
    }
}
