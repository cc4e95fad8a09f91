// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The features that a kernel has refused, and when the whole rules are tried again: at the next synchronization, and from
/// then on after ever longer times, because each try costs a commit that the kernel refuses.
struct FeatureExclusions: Sendable {
    /// The time between two tries in the end.
    static let longestDelay = Duration.seconds(3600)

    private(set) var features: Set<RuleFeature> = []
    private let firstDelay: Duration
    private var delay: Duration
    private var nextTry: ContinuousClock.Instant?

    /// - Parameter firstDelay: the time between the second try and the third; each further one is twice as long.
    init(firstDelay: Duration) {
        self.firstDelay = firstDelay
        delay = firstDelay
    }

    /// Whether the whole rules are to be tried now although the kernel has refused them.
    func isTryDue(at now: ContinuousClock.Instant) -> Bool {
        !features.isEmpty && (nextTry.map { $0 <= now } ?? true)
    }

    /// What to leave out of the rules now.
    func excluded(at now: ContinuousClock.Instant) -> Set<RuleFeature> { isTryDue(at: now) ? [] : features }

    /// Takes note of a run that left out what ``excluded(at:)`` said at its beginning.
    mutating func ended(
        at now: ContinuousClock.Instant, excluding excluded: Set<RuleFeature>, refused: Set<RuleFeature>
    ) {
        let isSecondTry = !features.isEmpty && excluded.isEmpty
        features = excluded.union(refused)
        if features.isEmpty {
            self = FeatureExclusions(firstDelay: firstDelay)
        } else if isSecondTry {
            nextTry = now + delay
            delay = min(delay * 2, Self.longestDelay)
        }
    }
}
