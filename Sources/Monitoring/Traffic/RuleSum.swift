import KernelTables
import XTables

/// Adds up what several rules have counted that count the same thing, those included that are gone.
struct RuleSum: Sendable {
    /// What they have counted so far.
    private(set) var total = RuleCounters.zero
    /// The rules that have counted something and are there.
    private var rules: [RuleIdentity: RunningCount] = [:]

    /// Takes over what rules show.
    ///
    /// - Parameters:
    ///   - shown: what was read; rules that are not in it show nothing.
    ///   - present: the rules that are there and count for this sum; all others are forgotten.
    ///   - doubting: leaves alone what a rule shows that is less than before.
    /// - Returns: how many rules show less than before.
    mutating func absorb(
        _ shown: [RuleIdentity: RuleCounters], of present: [RuleIdentity], doubting: Bool
    ) -> Int {
        guard !present.isEmpty || !rules.isEmpty else { return 0 }
        var doubtful = 0
        var kept: [RuleIdentity: RunningCount] = [:]
        for rule in present {
            let new = shown[rule] ?? .zero
            guard new != .zero || rules[rule] != nil else { continue }
            var count = rules[rule, default: RunningCount()]
            let isLess = count.isContradicted(by: new)
            if isLess { doubtful += 1 }
            if !(isLess && doubting) { total += count.advance(to: new) }
            kept[rule] = count
        }
        rules = kept
        return doubtful
    }

    /// Takes over what rules have counted that are gone.
    ///
    /// - Parameters:
    ///   - removed: rules that are gone, whatever they counted for.
    ///   - candidates: the rules that count for this sum.
    mutating func absorbRemoved(_ removed: [RuleIdentity: RuleCounters], of candidates: [RuleIdentity]) {
        for rule in candidates {
            guard let last = removed[rule] else { continue }
            var count = rules.removeValue(forKey: rule) ?? RunningCount()
            total += count.end(at: last)
        }
    }
}
