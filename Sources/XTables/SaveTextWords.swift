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

    /// Whether a text is one word, and the same one, without quotes.
    ///
    /// iptables-save quotes comments and the like, but no names of chains, lists and interfaces.
    static func isPlain(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") }
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

extension ChainName {
    /// The name of a chain or a list in iptables-save text; `nil` for one that the text cannot have without quotes.
    init?(saveWord word: some StringProtocol) {
        guard SaveTextWords.isPlain(word) else { return nil }
        self.init(validating: word)
    }

    /// What a name in iptables-save text must be, for the message about one that is not.
    static let saveWordRequirement =
        "must have 1 to \(maximumLength) bytes, without blanks, double quotes and control characters"
}
