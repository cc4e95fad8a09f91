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
        let candidates = words.map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }
        return candidates.filter { $0.distance <= limit }.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// The number of characters to insert, to remove or to replace (Levenshtein).
    private static func distance(_ first: String, _ second: String) -> Int {
        let second = Array(second)
        var row = Array(0...second.count)
        for (line, character) in first.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in second.indices {
                let replaced = diagonal + (character == second[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[second.count]
    }
}
