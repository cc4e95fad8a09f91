// SPDX-License-Identifier: Apache-2.0

/// Which of a chain's rules can stay where they are, when other rules are to stand there afterwards.
///
/// Both lists are numbers that are equal for equal rules. The goal is a longest common subsequence, in little
/// more than linear time, since a chain may have ten thousand rules. Rules are rarely repeated, so the Hunt–Szymanski
/// method does: each kernel rule is replaced by the places where the desired list has it, and a longest strictly
/// ascending subsequence of those places is taken. Rules repeated so often that this would become quadratic are paired
/// first with first, second with second; then the result may keep fewer than possible, but it is always right.
enum RuleAlignment {
    /// A rule that stays: its place in the kernel's list and in the desired one.
    struct Pair: Equatable {
        let kernel: Int
        let desired: Int
    }

    /// How many times the lists' length all candidate pairs together may be.
    private static let candidateLimit = 8

    /// The rules that stay, in ascending order of both places.
    static func kept(kernel: [Int], desired: [Int]) -> [Pair] {
        var places: [Int: [Int]] = [:]
        for (place, rule) in desired.enumerated() { places[rule, default: []].append(place) }
        let total = kernel.reduce(0) { $0 + (places[$1]?.count ?? 0) }
        let isPairing = total > candidateLimit * (kernel.count + desired.count)

        // Patience: the piles' tops are ascending; every candidate remembers the top of the pile to its left.
        var candidates: [(pair: Pair, previous: Int)] = []
        var tops: [Int] = []
        var used: [Int: Int] = [:]
        func place(_ pair: Pair) {
            var low = 0
            var high = tops.count
            while low < high {
                let middle = (low + high) / 2
                if candidates[tops[middle]].pair.desired < pair.desired { low = middle + 1 } else { high = middle }
            }
            candidates.append((pair, low == 0 ? -1 : tops[low - 1]))
            if low == tops.count { tops.append(candidates.count - 1) } else { tops[low] = candidates.count - 1 }
        }
        for (index, rule) in kernel.enumerated() {
            guard let found = places[rule] else { continue }
            if isPairing {
                let occurrence = used[rule, default: 0]
                used[rule] = occurrence + 1
                if occurrence < found.count { place(Pair(kernel: index, desired: found[occurrence])) }
            } else {
                // Descending, so that one kernel rule is not taken twice.
                for desired in found.reversed() { place(Pair(kernel: index, desired: desired)) }
            }
        }
        var kept: [Pair] = []
        var next = tops.last ?? -1
        while next >= 0 {
            kept.append(candidates[next].pair)
            next = candidates[next].previous
        }
        return kept.reversed()
    }
}
