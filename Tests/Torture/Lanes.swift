// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Runs lists of jobs at the same time, each list one job after the other, on threads of their own: the jobs wait for child
/// processes, and would hold the few threads that Swift has for tasks.
enum Lanes {
    static func run(_ lanes: [[@Sendable () -> [Outcome]]]) -> [[Outcome]] {
        let lanes = lanes.map(Lane.init)
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
        return lanes.map(\.outcomes)
    }

    private final class Lane: Sendable {
        private let jobs: [@Sendable () -> [Outcome]]
        private let results = Mutex<[Outcome]>([])

        init(_ jobs: [@Sendable () -> [Outcome]]) { self.jobs = jobs }

        func run() {
            for job in jobs {
                let outcomes = job()
                results.withLock { $0 += outcomes }
            }
        }

        var outcomes: [Outcome] { results.withLock { $0 } }
    }
}
