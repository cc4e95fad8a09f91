import KernelTables

/// Adds up what one rule has counted, however often its counters begin at zero again.
///
/// They do whenever the rule is removed and put back, replaced by another that does the same, or emptied by
/// `iptables -Z`. So a number below the last one is a new beginning, and counts whole.
struct RunningCount: Sendable {
    /// What the rule has shown last.
    private(set) var shown = RuleCounters.zero

    /// Whether the rule shows less than before.
    func isContradicted(by new: RuleCounters) -> Bool { new.packets < shown.packets || new.bytes < shown.bytes }

    /// Takes over what the rule shows now, and tells what has come since.
    mutating func advance(to new: RuleCounters) -> RuleCounters {
        let isNewBeginning = isContradicted(by: new)
        defer { shown = new }
        guard !isNewBeginning else { return new }
        return RuleCounters(packets: new.packets - shown.packets, bytes: new.bytes - shown.bytes)
    }

    /// Takes over what the rule showed last of all, and tells what has come since; its successor begins at zero.
    mutating func end(at last: RuleCounters) -> RuleCounters {
        let gain = advance(to: last)
        shown = .zero
        return gain
    }
}
