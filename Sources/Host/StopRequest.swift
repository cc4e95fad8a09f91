// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The request to end this process, for those who wait where no task can be cancelled: for a lock, or for another program.
///
/// Work that must not be cut off in the middle begins with ``beginWork()``; the process ends when it is done.
package final class StopRequest: Sendable {
    private struct State {
        var isMade = false
        var work = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Asks for the end.
    package func make() { state.withLock { $0.isMade = true } }

    /// Whether the end was asked for.
    package var isMade: Bool { state.withLock(\.isMade) }

    /// Begins work that will be completed, unless the end was asked for.
    ///
    /// - Returns: whether to begin; if so, ``endWork()`` must follow.
    package func beginWork() -> Bool {
        state.withLock { state in
            guard !state.isMade else { return false }
            state.work += 1
            return true
        }
    }

    /// Work that ``beginWork()`` has begun is done.
    package func endWork() { state.withLock { $0.work -= 1 } }

    /// Whether work goes on that will be completed.
    package var hasWork: Bool { state.withLock { $0.work > 0 } }
}
