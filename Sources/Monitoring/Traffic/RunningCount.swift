// SPDX-License-Identifier: Apache-2.0

import XTables

/// What one rule has counted, however often its counters begin again at zero.
///
/// They do whenever the rule is removed and added again, replaced by a rule that does the same, or zeroed by `iptables -Z`.
/// So a number below the last one is a new beginning, and counts whole.
struct RunningCount: Sendable {
    /// The rule's counters at the last reading.
    private(set) var last = RuleCounters.zero

    /// Whether the rule's counters are lower than at the last reading.
    func isAbove(_ new: RuleCounters) -> Bool { new.packets < last.packets || new.bytes < last.bytes }

    /// Takes the rule's counters as they are now.
    ///
    /// - Returns: what the rule has counted since the last reading.
    mutating func advance(to new: RuleCounters) -> RuleCounters {
        let isNewBeginning = isAbove(new)
        defer { last = new }
        guard !isNewBeginning else { return new }
        return RuleCounters(packets: new.packets - last.packets, bytes: new.bytes - last.bytes)
    }

    /// Takes the counters of a rule that was removed; its successor begins at zero.
    ///
    /// - Returns: what the rule has counted since the last reading.
    mutating func end(at new: RuleCounters) -> RuleCounters {
        let gain = advance(to: new)
        last = .zero
        return gain
    }
}
