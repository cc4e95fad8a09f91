// SPDX-License-Identifier: Apache-2.0

import XTables

/// When the foreign rules ahead of ours are judged again.
///
/// Other rules are judged at once. The same rules with other Services are judged for all Services: with ten thousand of
/// them that takes longer than everything else that a change of one costs. So this waits for as long as a ``CheckPace`` has
/// it, which in small clusters is next to nothing, and is made up for with a later change or the next check.
struct ForeignRulePace: Sendable {
    /// What stood ahead of our jumps when that was judged last.
    private(set) var judged: [RulesAhead] = []
    /// Whether Services have changed since.
    private(set) var hasOtherServices = false
    private var pace = CheckPace()

    /// Takes note of what a run has found.
    ///
    /// - Parameter servicesChanged: whether the Services are others than those of the last run.
    /// - Returns: whether it is to be judged now.
    mutating func found(_ tables: [RulesAhead], servicesChanged: Bool, at now: ContinuousClock.Instant) -> Bool {
        hasOtherServices = hasOtherServices || servicesChanged
        return tables != judged || isDue(at: now)
    }

    /// Whether the Services are to be judged now, although the tables are not read.
    func isDue(at now: ContinuousClock.Instant) -> Bool { hasOtherServices && pace.isDue(at: now) }

    /// What stands ahead has been judged for the Services as they are.
    mutating func ended(_ tables: [RulesAhead], at now: ContinuousClock.Instant, taking duration: Duration) {
        judged = tables
        hasOtherServices = false
        pace.compared(at: now, taking: duration)
    }
}
