// SPDX-License-Identifier: Apache-2.0

import Host
import Logging
import ServiceLifecycle

/// A task of the running program, cancelled when the program shuts down.
struct TaskService: Service {
    let work: @Sendable () async -> Void

    init(_ work: @escaping @Sendable () async -> Void) { self.work = work }

    func run() async throws { await cancelWhenGracefulShutdown(work) }
}

extension ServiceGroup {
    /// All tasks together: the end of one of them shuts down the others.
    init(_ tasks: [TaskService], logger: Logger) {
        self.init(
            configuration: ServiceGroupConfiguration(
                services: tasks.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                }, logger: logger.errorsOnly))
    }

    /// Runs the tasks until one of them ends or a signal asks for the end.
    func run(until signals: SignalWatch) async throws {
        signals.onStop { Task { await self.triggerGracefulShutdown() } }
        do {
            try await run()
        } catch let error as ServiceGroupError where error == .alreadyFinished() && signals.stop.isMade {
            // The signal came before the tasks did.
        }
    }
}
