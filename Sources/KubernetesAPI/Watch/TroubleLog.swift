// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Logs trouble once when it begins, once for each other kind of failure, and once after recovery.
final class TroubleLog: Sendable {
    private struct State {
        var logged: Set<APIFailure.Kind> = []
        var count = 0
        var beganAt = ContinuousClock.now
        var endedAt: ContinuousClock.Instant?
        var settling: Task<Void, Never>?
        /// Whether the loss of contact was reported.
        var isLost = false
    }

    /// What the trouble is with.
    let subject: String
    private let resource: String
    private let server: String
    private let onChange: @Sendable (ContactChange) -> Void
    private let timing: ReflectorTiming
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - resource: what is asked for, for example `services`.
    ///   - server: the address of the server.
    ///   - path: that of the resource.
    ///   - onChange: is called when trouble begins, and when it is over.
    init(
        resource: String, server: String, path: String, timing: ReflectorTiming, logger: Logger,
        onChange: @escaping @Sendable (ContactChange) -> Void = { _ in }
    ) {
        subject = "\(resource) (\(server)\(path))"
        self.resource = resource
        self.server = server
        self.onChange = onChange
        self.timing = timing
        self.logger = logger
    }

    /// - Parameter next: what follows after the pause, such as `listing again`.
    func add(_ failure: APIFailure, next: String, pause: Duration) {
        // An expired version is what happens after a while without a connection; it costs a list and is no fault.
        let isFault = failure.kind != .refused(410)
        let (isNew, isLost) = state.withLock { state in
            state.settling?.cancel()
            state.settling = nil
            if state.logged.isEmpty {
                state.beganAt = .now
                state.count = 0
            }
            state.count += 1
            defer { state.isLost = state.isLost || isFault }
            return (state.logged.insert(failure.kind).inserted, isFault && !state.isLost)
        }
        if isLost { onChange(.lost(resource: resource, server: server, failure: "\(failure)")) }
        let seconds = (pause / .seconds(1) * 10).rounded() / 10
        let message: Logger.Message =
            "\(subject): \(failure); the last good state stays in force; \(next) in \(seconds) s"
        let level: Logger.Level = isFault ? .warning : .info
        logger.log(level: isNew ? level : .debug, message)
    }

    /// Called when a watch has begun or goes on; trouble is over once it has gone on for a while.
    ///
    /// Trouble that came back soon after it was over last is not over before a longer while: else it would fill the log.
    ///
    /// - Parameter hasData: whether a byte of the watch itself has come; silence is not over before.
    func watchGoesOn(hasData: Bool) {
        state.withLock { state in
            guard !state.logged.isEmpty, state.settling == nil, hasData || !state.logged.contains(.silent) else {
                return
            }
            let isRelapse = state.endedAt.map { state.beganAt - $0 < timing.healthyAfter } ?? false
            let settling = isRelapse ? timing.healthyAfter : timing.settling
            state.settling = Task { [self] in
                try? await Task.sleep(for: settling)
                if !Task.isCancelled { end() }
            }
        }
    }

    /// Ends without another line.
    func close() {
        state.withLock { state in
            state.settling?.cancel()
            state.settling = nil
        }
    }

    private func end() {
        let ended: (count: Int, lasted: Duration, wasLost: Bool)? = state.withLock { state in
            guard state.settling != nil else { return nil }
            defer {
                state.isLost = false
                state.logged = []
                state.settling = nil
                state.endedAt = .now
            }
            return (state.count, .now - state.beganAt, state.isLost)
        }
        guard let ended else { return }
        if ended.wasLost { onChange(.regained(resource: resource, server: server)) }
        let seconds = (ended.lasted / .seconds(1) * 10).rounded() / 10
        let failures = ended.count == 1 ? "1 failure" : "\(ended.count) failures"
        logger.info("\(subject): recovered after \(failures) in \(seconds) s")
    }
}
