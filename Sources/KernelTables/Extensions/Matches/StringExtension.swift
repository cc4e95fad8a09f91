// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Bytes anywhere in the packet (`struct xt_string_info`, linux/netfilter/xt_string.h).
enum StringExtension: DescribedMatch {
    static let signature = ExtensionSignature("string", revision: 1, dataLength: 160)

    private static let from = Member<UInt16>(at: 0)
    private static let to = Member<UInt16>(at: 2)
    private static let algorithm = MemberBytes(at: 4, length: 16)
    private static let pattern = MemberBytes(at: 20, length: 128)
    private static let patternLength = Member<UInt8>(at: 148)
    private static let flags = Member<UInt8>(at: 149)

    // Flags (`XT_STRING_FLAG_*`).
    private static let invert: UInt8 = 1 << 0
    private static let ignoresCase: UInt8 = 1 << 1

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let flags = data[flags]
        let length = Int(data[patternLength])
        guard flags & ~0x3 == 0, (1...pattern.range.count).contains(length), let algorithm = data.text(algorithm)
        else { return nil }
        let bytes = data[pattern].prefix(length)
        var match = MatchDescription("string", .undecidable)
        if isPrintable(bytes) {
            let text = bytes.map { byte in
                let isEscaped = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                return "\(isEscaped ? "\\" : "")\(Character(UnicodeScalar(byte)))"
            }.joined()
            match.text.add("--string", "\"\(text)\"", isInverted: flags & invert != 0)
        } else {
            let text = bytes.map { SaveWords.hexadecimalDigits($0, 2) }.joined()
            match.text.add("--hex-string", "\"|\(text)|\"", isInverted: flags & invert != 0)
        }
        match.text.add("--algo", algorithm)
        if data[from] != 0 { match.text.add("--from", data[from]) }
        if data[to] != .max { match.text.add("--to", data[to]) }
        if flags & ignoresCase != 0 { match.text.add("--icase") }
        return match
    }

    /// Whether iptables-save prints the bytes as text.
    private static func isPrintable(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.allSatisfy { (0x20...0x7e).contains($0) } && bytes.last != UInt8(ascii: "\\")
    }
}
