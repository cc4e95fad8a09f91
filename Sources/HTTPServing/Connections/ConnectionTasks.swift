// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The tasks that serve connections, one each.
///
/// NIO offers new connections as a sequence, but traps when the task that reads the sequence is cancelled while a
/// connection is on its way (swift-nio issue 2637), and here servers come and go with Services. So each connection is
/// served from where it is created, and each has a task that ends it.
final class ConnectionTasks: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var count = 0
        var isEnding = false
    }

    private let state = Mutex(State())
    private let executor: EventLoopExecutor?

    /// - Parameter executor: what runs the tasks; `nil` for the threads that all tasks share.
    init(on executor: EventLoopExecutor? = nil) { self.executor = executor }

    /// Serves a connection; one that comes after the end is cancelled from its beginning.
    func start(_ serve: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let number = state.count
            state.count += 1
            let task = Task(executorPreference: executor) {
                await serve()
                self.remove(number)
            }
            state.tasks[number] = task
            if state.isEnding { task.cancel() }
        }
    }

    /// Cancels all tasks, those that start later included, and waits for their end.
    func end() async {
        while true {
            let tasks = state.withLock { state in
                state.isEnding = true
                return Array(state.tasks.values)
            }
            if tasks.isEmpty { return }
            for task in tasks { task.cancel() }
            for task in tasks { await task.value }
        }
    }

    private func remove(_ number: Int) { state.withLock { $0.tasks[number] = nil } }
}
