// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import UnixSignals

/// A task of the running program, cancelled when the program shuts down.
struct TaskService: Service {
    let work: @Sendable () async -> Void

    init(_ work: @escaping @Sendable () async -> Void) { self.work = work }

    func run() async throws { await cancelWhenGracefulShutdown(work) }
}

extension ServiceGroup {
    /// All tasks together: SIGTERM, SIGINT or the end of one of them shuts down the others.
    init(_ tasks: [TaskService], logger: Logger) {
        self.init(
            configuration: ServiceGroupConfiguration(
                services: tasks.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.errorsOnly))
    }
}
