// SPDX-License-Identifier: Apache-2.0

/// Cuts a line of iptables-save text into its words: at blanks, but not inside double quotes.
struct SaveTextWords {
    private(set) var words: [String]
    private var next = 0

    /// Cuts a line; `nil` if a quoted word does not end.
    init?(_ line: Substring) {
        words = []
        var word: [UInt8]?
        var isQuoted = false
        var isEscaped = false
        for byte in line.utf8 {
            if isEscaped {
                word?.append(byte)
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
                word = word ?? []
            } else if !isQuoted, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                if let ended = word { words.append(String(decoding: ended, as: UTF8.self)) }
                word = nil
            } else {
                word = (word ?? []) + CollectionOfOne(byte)
            }
        }
        guard !isQuoted, !isEscaped else { return nil }
        if let ended = word { words.append(String(decoding: ended, as: UTF8.self)) }
    }

    var isAtEnd: Bool { next == words.count }

    /// The next word, without taking it.
    var peek: String? { isAtEnd ? nil : words[next] }

    /// Takes the next word.
    mutating func take() -> String? {
        defer { next = min(next + 1, words.count) }
        return peek
    }

    /// Takes the next word if it is `word`.
    mutating func take(_ word: String) -> Bool {
        guard peek == word else { return false }
        next += 1
        return true
    }
}
