// SPDX-License-Identifier: Apache-2.0

/// Finds the known word that a mistyped one was probably meant to be.
package enum Suggestion {
    /// The most similar of `words`; `nil` if none is so similar that it can be meant.
    ///
    /// At most three characters may differ, and at most half of them in a short word; ArgumentParser's limit for options
    /// is three as well.
    package static func closest(to word: String, among words: some Sequence<String>) -> String? {
        // A long word is no slip, and to compare it would take long.
        guard word.utf8.count <= 64 else { return nil }
        let limit = min(3, max(1, word.count / 2))
        let (wanted, length) = (word.lowercased(), word.count)
        // Of thousands of words, most are much longer or shorter.
        let candidates = words.filter { abs($0.count - length) <= limit }
            .map { (word: $0, distance: distance(wanted, $0.lowercased())) }
        return candidates.filter { $0.distance <= limit }.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// The number of characters to insert, to remove, to replace, or to exchange with the next one (Damerau and Levenshtein).
    private static func distance(_ first: String, _ second: String) -> Int {
        let (first, second) = (Array(first), Array(second))
        var before: [Int] = []
        var last = Array(0...second.count)
        for line in first.indices {
            var row = [line + 1]
            for column in second.indices {
                let replaced = last[column] + (first[line] == second[column] ? 0 : 1)
                var least = min(replaced, row[column] + 1, last[column + 1] + 1)
                if line > 0, column > 0, first[line] == second[column - 1], first[line - 1] == second[column] {
                    least = min(least, before[column - 1] + 1)
                }
                row.append(least)
            }
            (before, last) = (last, row)
        }
        return last[second.count]
    }
}
