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
    }

    let subject: String
    private let timing: ReflectorTiming
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter subject: what the trouble is with, as `services at https://10.0.0.1:6443/api/v1/services`.
    init(subject: String, timing: ReflectorTiming, logger: Logger) {
        self.subject = subject
        self.timing = timing
        self.logger = logger
    }

    /// - Parameter next: what follows after the pause, such as `listing again`.
    func add(_ failure: APIFailure, next: String, pause: Duration) {
        let isNew = state.withLock { state in
            state.settling?.cancel()
            state.settling = nil
            if state.logged.isEmpty {
                state.beganAt = .now
                state.count = 0
            }
            state.count += 1
            return state.logged.insert(failure.kind).inserted
        }
        let seconds = (pause / .seconds(1) * 10).rounded() / 10
        let message: Logger.Message =
            "\(subject): \(failure); the last good state stays in force; \(next) in \(seconds) s"
        // An expired version is what happens after a while without a connection; it costs a list and is no fault.
        let level: Logger.Level = failure.kind == .refused(410) ? .info : .warning
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
        let ended: (count: Int, lasted: Duration)? = state.withLock { state in
            guard state.settling != nil else { return nil }
            defer {
                state.logged = []
                state.settling = nil
                state.endedAt = .now
            }
            return (state.count, .now - state.beganAt)
        }
        guard let ended else { return }
        let seconds = (ended.lasted / .seconds(1) * 10).rounded() / 10
        let failures = ended.count == 1 ? "1 failure" : "\(ended.count) failures"
        logger.info("\(subject): recovered after \(failures) in \(seconds) s")
    }
}
