// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Changes inputs at random, with an eye to what they are made of: words, numbers, lines, nesting, other inputs.
struct Mutator {
    static let sizeLimit = 64 << 10

    let vocabulary: [[UInt8]]
    let isBinary: Bool
    var generator: SeededGenerator

    /// An input made of one of the corpus, or of several.
    mutating func mutate(_ input: [UInt8], others: [[UInt8]]) -> [UInt8] {
        var bytes = input
        // Few changes mostly, so that much of an input stays well-formed; now and then many.
        let changes = generator.chance(70) ? number(1...3) : number(4...20)
        for _ in 0..<changes {
            if isBinary { mutateBytes(&bytes, others) } else { mutateText(&bytes, others) }
            if bytes.count > Self.sizeLimit { bytes.removeSubrange(Self.sizeLimit...) }
        }
        return bytes
    }

    private mutating func mutateText(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        switch number(0...19) {
        case 0...3: replaceWord(&bytes, by: generator.pick(vocabulary))
        case 4: if let word = self.word(of: generator.pick(others)) { replaceWord(&bytes, by: word) }
        case 5: if let word = self.word(of: bytes) { replaceWord(&bytes, by: word) }
        case 6, 7: replaceNumber(&bytes)
        case 8: insert(generator.pick(vocabulary), &bytes)
        case 9: duplicateLine(&bytes)
        case 10: deleteLine(&bytes)
        case 11: swapLines(&bytes)
        case 12: indent(&bytes)
        case 13: splice(&bytes, generator.pick(others))
        case 14: nest(&bytes)
        case 15: truncate(&bytes)
        case 16: insertText(&bytes)
        default: mutateBytes(&bytes, others)
        }
    }

    private mutating func mutateBytes(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        guard !bytes.isEmpty else { return insert(generator.pick(vocabulary), &bytes) }
        switch number(0...9) {
        case 0...1:
            bytes[place(bytes)] ^= 1 << UInt8(number(0...7))
        case 2:
            bytes[place(bytes)] = generator.pick(Self.interestingBytes)
        case 3:
            bytes[place(bytes)] = UInt8(truncatingIfNeeded: generator.next())
        case 4:
            let start = place(bytes)
            bytes.removeSubrange(start..<min(bytes.count, start + number(1...16)))
        case 5:
            let start = place(bytes)
            let piece = Array(bytes[start..<min(bytes.count, start + number(1...64))])
            insert(piece, &bytes)
        case 6 where isBinary, 7 where isBinary:
            overwriteNumber(&bytes)
        case 8 where isBinary:
            let other = generator.pick(others)
            guard !other.isEmpty else { return }
            let start = place(other)
            let piece = other[start..<min(other.count, start + number(1...64))]
            let target = place(bytes)
            bytes.replaceSubrange(target..<min(bytes.count, target + piece.count), with: piece)
        case 9 where isBinary:
            truncate(&bytes)
        default:
            let start = place(bytes)
            let end = min(bytes.count, start + number(1...8))
            bytes.replaceSubrange(start..<end, with: (start..<end).map { _ in generator.pick(Self.interestingBytes) })
        }
    }

    // MARK: Words

    /// The place of a word or number.
    private mutating func wordRange(_ bytes: [UInt8]) -> Range<Int>? {
        guard !bytes.isEmpty else { return nil }
        let middle = place(bytes)
        guard let start = bytes[middle...].firstIndex(where: Self.isWordByte) else { return nil }
        let first = bytes[...start].lastIndex { !Self.isWordByte($0) }.map { $0 + 1 } ?? 0
        let end = bytes[start...].firstIndex { !Self.isWordByte($0) } ?? bytes.count
        return first..<end
    }

    private mutating func word(of bytes: [UInt8]) -> [UInt8]? { wordRange(bytes).map { Array(bytes[$0]) } }

    private mutating func replaceWord(_ bytes: inout [UInt8], by word: [UInt8]) {
        guard let range = wordRange(bytes) else { return insert(word, &bytes) }
        bytes.replaceSubrange(range, with: word)
    }

    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        let digits = bytes.indices.filter { Self.isDigit(bytes[$0]) }
        guard !digits.isEmpty else { return }
        let middle = generator.pick(digits)
        let start = bytes[...middle].lastIndex { !Self.isDigit($0) }.map { $0 + 1 } ?? 0
        let end = bytes[middle...].firstIndex { !Self.isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array(generator.pick(Self.numbers).utf8))
    }

    private mutating func insert(_ piece: [UInt8], _ bytes: inout [UInt8]) {
        bytes.insert(contentsOf: piece, at: number(0...bytes.count))
    }

    /// Puts hostile text into a quoted one or a word.
    private mutating func insertText(_ bytes: inout [UInt8]) {
        guard let range = wordRange(bytes) else { return }
        let text = Array(generator.pick(Self.hostileTexts).utf8)
        switch number(0...2) {
        case 0: bytes.insert(contentsOf: text, at: range.upperBound)
        case 1: bytes.replaceSubrange(range, with: text)
        default: bytes.replaceSubrange(range, with: Array("\"".utf8) + text + Array("\"".utf8))
        }
    }

    // MARK: Lines

    private mutating func line(_ bytes: [UInt8]) -> Range<Int>? {
        guard !bytes.isEmpty else { return nil }
        let middle = place(bytes)
        let start = bytes[..<middle].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let end = bytes[middle...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
        return start..<end
    }

    private mutating func duplicateLine(_ bytes: inout [UInt8]) {
        guard let range = line(bytes) else { return }
        let piece = Array(bytes[range])
        let target = generator.chance(50) ? range.upperBound : line(bytes)?.lowerBound ?? 0
        let count = generator.chance(5) ? number(10...200) : 1
        for _ in 0..<count { bytes.insert(contentsOf: piece, at: target) }
    }

    private mutating func deleteLine(_ bytes: inout [UInt8]) {
        guard let range = line(bytes) else { return }
        bytes.removeSubrange(range)
    }

    private mutating func swapLines(_ bytes: inout [UInt8]) {
        guard let first = line(bytes) else { return }
        let piece = Array(bytes[first])
        bytes.removeSubrange(first)
        bytes.insert(contentsOf: piece, at: line(bytes)?.lowerBound ?? 0)
    }

    private mutating func indent(_ bytes: inout [UInt8]) {
        guard let range = line(bytes) else { return }
        if generator.chance(50) {
            let blanks = [UInt8](repeating: UInt8(ascii: generator.chance(95) ? " " : "\t"), count: number(1...4))
            bytes.insert(contentsOf: blanks, at: range.lowerBound)
        } else {
            let blanks = bytes[range].prefix { $0 == UInt8(ascii: " ") }.count
            bytes.removeSubrange(range.lowerBound..<(range.lowerBound + min(blanks, 2)))
        }
    }

    /// The beginning of one and the end of another, mostly cut between lines.
    private mutating func splice(_ bytes: inout [UInt8], _ other: [UInt8]) {
        let cut = line(bytes)?.lowerBound ?? 0
        let start = line(other)?.lowerBound ?? 0
        if generator.chance(50) {
            bytes.replaceSubrange(cut..., with: other[start...])
        } else {
            let end = other[start...].dropFirst(number(1...400)).firstIndex(of: UInt8(ascii: "\n")) ?? other.count
            bytes.insert(contentsOf: other[start..<end], at: cut)
        }
    }

    private mutating func nest(_ bytes: inout [UInt8]) {
        let depth = generator.chance(80) ? number(1...5) : number(90...2000)
        let (opening, closing) = generator.pick([
            ("[", "]"), ("{\"items\":", "}"), ("{a: ", "}"), ("- ", ""), ("(", ")"),
        ])
        let range = wordRange(bytes) ?? 0..<0
        let middle = Array(bytes[range])
        bytes.replaceSubrange(
            range,
            with: Array(String(repeating: opening, count: depth).utf8) + middle
                + Array(String(repeating: closing, count: depth).utf8))
    }

    private mutating func truncate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        if generator.chance(80) { bytes.removeSubrange(place(bytes)...) } else { bytes.removeSubrange(...place(bytes)) }
    }

    // MARK: Numbers

    /// Writes a number of 16, 32 or 64 bits where entries have some: at even places.
    private mutating func overwriteNumber(_ bytes: inout [UInt8]) {
        let width = generator.pick([2, 2, 4, 8])
        guard bytes.count >= width else { return }
        let start = number(0...(bytes.count - width)) & ~1
        let value = generator.pick(Self.binaryNumbers) &+ UInt64(bitPattern: Int64(number(-8...8)))
        for index in 0..<width { bytes[start + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    private mutating func place(_ bytes: [UInt8]) -> Int { Int.random(in: bytes.indices, using: &generator) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "/"):
            true
        default: byte >= 0x80
        }
    }

    private static let interestingBytes: [UInt8] =
        [0, 1, 9, 10, 13, 27, 0x7f, 0x80, 0xc2, 0xe2, 0xed, 0xef, 0xf4, 0xfe, 0xff]
        + Array("\"'\\:,-?!&*#|>%@`{}[]() ~=+/.;$<".utf8)
    private static let binaryNumbers: [UInt64] = [
        0, 1, 2, 4, 7, 8, 16, 32, 40, 64, 112, 128, 152, 168, 176, 208, 255, 256, 0x7fff, 0x8000, 0xfff0, 0xffff,
        0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, .max,
    ]
    private static let numbers = [
        "0", "-0", "-1", "1", "00", "007", "0x1f", "0o17", "1e3", "1E400", "0.1", "80.0", "1.", ".5", "255", "256",
        "32767",
        "32768", "65535", "65536", "86400", "86401", "2147483647", "2147483648", "4294967295", "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
        "18446744073709551616", "99999999999999999999999999999999", "1_000", "+1", "１", ".inf", ".nan", "NaN",
    ]
    /// What would do harm if it came into a rule, a message or a document as it is.
    private static let hostileTexts = [
        "\n-A INPUT -j DROP", "\\n-A INPUT -j DROP\\n", "\" -j ACCEPT -m comment --comment \"", "' -j DROP '",
        "x -j DROP", "\nCOMMIT\n*filter\n:INPUT DROP [0:0]", "$(reboot)", "`reboot`", "%s%n", "../../etc/passwd",
        "\u{1b}[2J",
        "\\u001b]0;x\\u0007", "\u{7}", "\u{0}", "\\u0000", "\u{202e}", "\u{feff}", "\u{2028}", "ü", "é", "\u{10ffff}",
        "+",
        "!", "KUBE-SERVICES", "*", "a+b", "::ffff:10.0.0.1", "0.0.0.0", "0.0.0.0/0", "::", "::/0", "127.0.0.1",
        "224.0.0.1",
        "010.1.1.1", "10.0.0.1/33", "fe80::1%eth0", "1.2.3.4.5", "::1/129", String(repeating: "a", count: 64),
        String(repeating: "b", count: 254), String(repeating: "é", count: 300), String(repeating: "9", count: 5000),
    ]
}
