// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The number of listeners for health checks that the process can afford.
///
/// Each takes a descriptor, and a cluster may have more Services than a process may have descriptors. Health checks of
/// Services are what is refused then: without descriptors no table could be read, no API server asked, and no probe of
/// the node answered.
package final class ListenerAllowance: Sendable {
    private struct State {
        var used = 0
        var limit = 0
    }

    private let state = Mutex(State())
    private let measure: @Sendable () -> (limit: Int, open: Int)?

    /// Descriptors that listeners leave for everything else: 64 connections of each of three servers, and as many again for
    /// the tables, the lock, the connections to the API server, and files.
    package static let reserve = 256

    /// - Parameter measure: returns the limit of descriptors and the number of those in use; `nil` if they are not known.
    package init(measure: @escaping @Sendable () -> (limit: Int, open: Int)?) { self.measure = measure }

    /// What this process can afford.
    package convenience init() {
        self.init {
            guard let usage = ProcessUsage.now else { return nil }
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
            return (Int(clamping: limit.rlim_cur), Int(usage.openFiles))
        }
    }

    /// Finds out again how many listeners there may be.
    package func update() {
        guard let (limit, open) = measure() else { return state.withLock { $0.limit = .max } }
        state.withLock { state in
            let reserve = min(Self.reserve, limit / 2)
            state.limit = limit - reserve - max(0, open - state.used)
        }
    }

    /// - Returns: whether there may be one more listener.
    package func take() -> Bool {
        state.withLock { state in
            guard state.used < state.limit else { return false }
            state.used += 1
            return true
        }
    }

    package func giveBack() { state.withLock { $0.used -= 1 } }
}
