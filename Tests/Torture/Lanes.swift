// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Runs jobs at the same time, on threads of their own: the jobs wait for child processes, and would hold the few threads
/// that Swift has for tasks.
enum Lanes {
    /// What the jobs came to, in their order.
    static func run(_ jobs: [@Sendable () -> [Outcome]]) -> [Outcome] {
        let lanes = jobs.map(Lane.init)
        let group = DispatchGroup()
        for lane in lanes {
            group.enter()
            let thread = Thread {
                lane.run()
                group.leave()
            }
            thread.start()
        }
        group.wait()
        return lanes.flatMap(\.outcomes)
    }

    private final class Lane: Sendable {
        private let job: @Sendable () -> [Outcome]
        private let result = Mutex<[Outcome]>([])

        init(_ job: @escaping @Sendable () -> [Outcome]) { self.job = job }

        func run() {
            let outcomes = job()
            result.withLock { $0 = outcomes }
        }

        var outcomes: [Outcome] { result.withLock { $0 } }
    }
}
