// SPDX-License-Identifier: Apache-2.0

import ServiceModel

extension EndpointLedger {
    /// One endpoint that has failed.
    struct Standing: Sendable {
        var failuresInRow = 0
        var lastFailure = ConnectionFailure.refused
        var lastFailureTime: Instant?
        var avoidedUntil: Instant?
        var ejectedUntil: Instant?
        /// The failures in a row that have led to the ejection.
        private var ejectingFailures = 0
        private var ejectingFailure = ConnectionFailure.refused
        /// How often it was ejected, less what time has forgiven.
        private var ejections = 0
        /// The end of the last ejection, or the time up to which good time has been counted.
        private var goodSince: Instant?

        var setAside: SetAside? {
            if ejectedUntil != nil { return .ejected(failures: ejectingFailures, ejectingFailure) }
            return avoidedUntil == nil ? nil : .failed(lastFailure)
        }

        /// When it is set aside no longer, as things are; `nil` if it is not.
        var nextExpiry: Instant? { [avoidedUntil, ejectedUntil].compactMap(\.self).max() }

        mutating func eject(at now: Instant, _ policy: FailurePolicy) -> Duration {
            forgive(at: now, policy)
            ejections += 1
            ejectingFailures = failuresInRow
            ejectingFailure = lastFailure
            let time = min(policy.baseEjectionTime * ejections, policy.maxEjectionTime)
            ejectedUntil = now + time
            goodSince = nil
            return time
        }

        mutating func expire(at now: Instant, _ policy: FailurePolicy) {
            if let end = avoidedUntil, end <= now { avoidedUntil = nil }
            guard let end = ejectedUntil, end <= now else { return }
            ejectedUntil = nil
            goodSince = end
            failuresInRow = 0
        }

        /// Whether nothing that it has done would count any more.
        func isForgettable(at now: Instant, _ policy: FailurePolicy) -> Bool {
            guard setAside == nil else { return false }
            var standing = self
            standing.forgive(at: now, policy)
            let hasFailedLately = lastFailureTime.map { now < $0 + Self.memory } ?? false
            return standing.ejections == 0 && (failuresInRow == 0 || !hasFailedLately)
        }

        /// Lets good time count: one ejection less for each base time without one.
        private mutating func forgive(at now: Instant, _ policy: FailurePolicy) {
            guard let since = goodSince, policy.baseEjectionTime > .zero else { return }
            let intervals = Int(since.duration(to: now) / policy.baseEjectionTime)
            ejections = max(0, ejections - intervals)
            goodSince = since + policy.baseEjectionTime * intervals
        }

        /// How long failures count as being in a row although no connection came meanwhile.
        private static let memory = Duration.seconds(3600)
    }
}
