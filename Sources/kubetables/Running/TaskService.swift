import ServiceLifecycle

/// A part of the program that works until it is told to stop.
struct Part: Service {
    let work: @Sendable () async -> Void

    init(_ work: @escaping @Sendable () async -> Void) { self.work = work }

    func run() async throws { await cancelWhenGracefulShutdown(work) }
}
