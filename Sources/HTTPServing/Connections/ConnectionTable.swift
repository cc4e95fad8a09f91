// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The connections of a server, or of several servers together, up to a limit.
///
/// One more closes the connection that has got no answer for the longest time. To refuse the new one instead would let a
/// few silent clients keep probes out, and a node whose probe fails is taken out of service.
package final class ConnectionTable: Sendable {
    private struct Entry {
        let channel: any Channel
        /// Its server.
        let owner: ObjectIdentifier
        /// When it was accepted or answered last, in a count of such events.
        var stamp: UInt64
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    package init(limit: Int) { self.limit = limit }

    /// - Returns: whether another connection is closed for it.
    func add(_ channel: any Channel, of owner: ConnectionTasks) -> Bool {
        let surplus: (any Channel)? = state.withLock { state in
            var oldest: ObjectIdentifier?
            if state.entries.count >= limit {
                oldest = state.entries.min { $0.value.stamp < $1.value.stamp }?.key
            }
            state.clock += 1
            state.entries[ObjectIdentifier(channel)] = Entry(
                channel: channel, owner: ObjectIdentifier(owner), stamp: state.clock)
            return oldest.flatMap { state.entries.removeValue(forKey: $0)?.channel }
        }
        surplus?.close(promise: nil)
        return surplus != nil
    }

    func answered(_ channel: any Channel) {
        state.withLock { state in
            state.clock += 1
            state.entries[ObjectIdentifier(channel)]?.stamp = state.clock
        }
    }

    /// Closes the connections of one server.
    func closeAll(of owner: ConnectionTasks) {
        let channels = state.withLock { state in
            state.entries.values.filter { $0.owner == ObjectIdentifier(owner) }.map(\.channel)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func remove(_ channel: any Channel) { state.withLock { $0.entries[ObjectIdentifier(channel)] = nil } }
}
