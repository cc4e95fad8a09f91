// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// The thread of its own on which probes are answered.
///
/// The threads that tasks share are as many as there are processors. Clients that ask for many pages, however much each of
/// them is limited, would have a probe wait for its turn among them; and a node whose probe fails is taken out of service.
enum ProbeThread {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    static let executor = EventLoopExecutor(group.next())
}

/// Runs tasks on the thread of an event loop.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
