// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Whether the text that iptables-restore gets has only our lines, and says what the rules say.
///
/// Read here as iptables-restore reads it (iptables/xshared.c, add_param_to_argv), not by our own reader, which may have
/// the same mistake as our writer.
struct RestoreTextCheck {
    let ruleset: Ruleset

    func run() throws(Finding) {
        let text = ruleset.text(.restore)
        guard text.utf8.allSatisfy({ $0 == 0x0a || $0 >= 0x20 && $0 < 0x7f }) else {
            throw Finding("a byte other than printable ASCII in the restore text")
        }
        var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { String(Substring($0)) }[
            ...]
        func next(_ what: String) throws(Finding) -> String {
            guard let line = lines.popFirst() else { throw Finding("the restore text ends before \(what)") }
            return line
        }
        for table in ruleset.tables {
            try expect(try next("*\(table.table.rawValue)"), "*\(table.table.rawValue)")
            for chain in table.chains { try expect(try next(":\(chain.name)"), ":\(chain.name) - [0:0]") }
            for builtIn in table.table.builtInChains {
                for rule in (table.jumps[builtIn] ?? []).reversed() {
                    try check(try next("a jump"), "-I", builtIn.rawValue, rule)
                }
            }
            for chain in table.chains {
                for rule in chain.rules { try check(try next("a rule"), "-A", "\(chain.name)", rule) }
            }
            try expect(try next("COMMIT"), "COMMIT")
        }
        guard lines.count == 1, lines.first == "" else { throw Finding("surplus lines: \(lines.prefix(3))") }
        try readBack()
    }

    private func readBack() throws(Finding) {
        let text = ruleset.text(.save)
        let back: Ruleset
        do throws(RulesetSyntaxError) {
            back = try Ruleset(saveText: text, family: ruleset.family)
        } catch {
            throw Finding("what is written cannot be read: \(error)")
        }
        guard back == ruleset else { throw Finding("what is written reads as other rules") }
    }

    private func expect(_ line: String, _ expected: String) throws(Finding) {
        guard line == expected else {
            throw Finding("\(line.debugDescription) instead of \(expected.debugDescription)")
        }
    }

    private func check(_ line: String, _ command: String, _ chain: String, _ rule: Rule) throws(Finding) {
        guard let words = Self.words(line) else { throw Finding("an open quote: \(line.debugDescription)") }
        guard words.count >= 2, words[0].text == command, words[1].text == chain else {
            throw Finding("not a rule of \(chain): \(line.debugDescription)")
        }
        var comments: [String] = []
        var targets = 0
        var index = 2
        while index < words.count {
            let word = words[index]
            index += 1
            if word.text == "!", !word.isQuoted { continue }
            guard !word.isQuoted, let count = Self.valuesByOption[word.text], index + count <= words.count else {
                throw Finding("the word \(word.text.debugDescription) in \(line.debugDescription)")
            }
            if word.text == "--comment" { comments.append(words[index].text) }
            if word.text == "-j" { targets += 1 }
            index += count
        }
        let expected = rule.matches.compactMap { match in if case .comment(let text) = match { text } else { nil } }
        guard comments == expected else { throw Finding("the comment reads as \(comments): \(line.debugDescription)") }
        guard targets == (rule.target == nil ? 0 : 1) else {
            throw Finding("\(targets) targets in \(line.debugDescription)")
        }
    }

    /// The options that our rules use, and how many words each takes; anything else is none of ours.
    private static let valuesByOption: [String: Int] = [
        "-s": 1, "-d": 1, "-i": 1, "-p": 1, "-m": 1, "-j": 1, "--comment": 1, "--ctstate": 1, "--src-type": 1,
        "--dst-type": 1, "--mark": 1, "--dport": 1, "--mode": 1, "--probability": 1, "--every": 1, "--packet": 1,
        "--set": 0, "--rcheck": 0,
        "--seconds": 1, "--reap": 0, "--name": 1, "--mask": 1, "--rsource": 0, "--nfacct-name": 1, "--set-xmark": 1,
        "--random-fully": 0, "--to-destination": 1, "--reject-with": 1, "--bytecode": 1,
        "--cluster-local-nodemask": 1, "--cluster-total-nodes": 1, "--cluster-hash-seed": 1,
        "--u32": 1, "--ctorigdst": 1, "--ctorigdstport": 1, "--hashlimit-upto": 1, "--hashlimit-burst": 1,
        "--hashlimit-mode": 1, "--hashlimit-name": 1, "--hashlimit-htable-expire": 1,
    ]

    private struct Word {
        var text = ""
        var isQuoted = false
    }

    private static func words(_ line: String) -> [Word]? {
        var words: [Word] = []
        var word: Word?
        var isQuoted = false
        var isEscaped = false
        for character in line.unicodeScalars {
            if isQuoted {
                if isEscaped {
                    word?.text.unicodeScalars.append(character)
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isQuoted = false
                } else {
                    word?.text.unicodeScalars.append(character)
                }
            } else if character == "\"" {
                word = word ?? Word()
                word?.isQuoted = true
                isQuoted = true
            } else if character == " " || character == "\t" {
                if let word { words.append(word) }
                word = nil
            } else {
                word = word ?? Word()
                word?.text.unicodeScalars.append(character)
            }
        }
        guard !isQuoted else { return nil }
        if let word { words.append(word) }
        return words
    }
}
