// SPDX-License-Identifier: Apache-2.0

import KernelTables
import XTables

/// The sum of several rules that count the same thing, removed rules included.
struct RuleSum: Sendable {
    private(set) var total = RuleCounters.zero
    /// The rules that exist and have counted something.
    private var rules: [CounterKey: RunningCount] = [:]

    /// Adds what the rules have counted since the last reading.
    ///
    /// - Parameters:
    ///   - counters: the reading; rules that are not in it have counted nothing.
    ///   - present: the rules that exist and count for this sum; all others are forgotten.
    ///   - doubting: skips a rule whose counters are lower than before.
    /// - Returns: the number of rules whose counters are lower than before.
    mutating func absorb(
        _ counters: [CounterKey: RuleCounters], of present: [CounterKey], doubting: Bool
    ) -> Int {
        guard !present.isEmpty || !rules.isEmpty else { return 0 }
        var doubtful = 0
        var kept: [CounterKey: RunningCount] = [:]
        for rule in present {
            let new = counters[rule] ?? .zero
            guard new != .zero || rules[rule] != nil else { continue }
            var count = rules[rule, default: RunningCount()]
            let isLower = count.isAbove(new)
            if isLower { doubtful += 1 }
            if !(isLower && doubting) { total += count.advance(to: new) }
            kept[rule] = count
        }
        rules = kept
        return doubtful
    }

    /// Adds what removed rules have counted since the last reading.
    ///
    /// - Parameters:
    ///   - removed: the removed rules, whatever they counted for.
    ///   - candidates: the rules that count for this sum.
    mutating func absorbRemoved(_ removed: [CounterKey: RuleCounters], of candidates: [CounterKey]) {
        for rule in candidates {
            guard let last = removed[rule] else { continue }
            var count = rules.removeValue(forKey: rule) ?? RunningCount()
            total += count.end(at: last)
        }
    }
}
