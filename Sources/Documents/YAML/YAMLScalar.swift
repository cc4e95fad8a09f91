// SPDX-License-Identifier: Apache-2.0

/// What an unquoted YAML scalar is: the types of YAML 1.1, read as Kubernetes' own reader (sigs.k8s.io/yaml) does.
///
/// The one departure from YAML 1.1, in both readers, are numbers to base 60: `20:1` is a text, since it may be a part of
/// an IPv6 address.
enum YAMLScalar {
    /// The value of a plain scalar.
    static func value(_ text: String) -> DocumentValue {
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return shortInteger(text.utf8) ?? number(text) ?? .string(text)
        default:
            // Most texts are longer than any of the words, and hashing all of them takes time.
            return text.utf8.count <= longestWord ? words[text] ?? .string(text) : .string(text)
        }
    }

    private static let longestWord = 5

    /// A decimal number as nearly all are: digits only, without a leading 0, of less than 64 bits.
    private static func shortInteger(_ digits: String.UTF8View) -> DocumentValue? {
        guard digits.count <= 18, digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return .integer(number)
    }

    private static let words: [String: DocumentValue] = {
        var words: [String: DocumentValue] = ["~": .null]
        for (names, value) in [
            (["null"], DocumentValue.null), (["true", "yes", "on"], .bool(true)),
            (["false", "no", "off"], .bool(false)),
        ] {
            for name in names {
                words[name] = value
                words[name.uppercased()] = value
                words[name.prefix(1).uppercased() + name.dropFirst()] = value
            }
        }
        return words
    }()

    private static func number(_ text: String) -> DocumentValue? {
        var digits = text[...]
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits = digits.dropFirst()
        }
        if [".inf", ".Inf", ".INF"].contains(digits) { return .double(isNegative ? -.infinity : .infinity) }
        if [".nan", ".NaN", ".NAN"].contains(text) { return .double(.nan) }
        return integer(digits, isNegative: isNegative) ?? float(digits, isNegative: isNegative)
    }

    private static func integer(_ digits: Substring, isNegative: Bool) -> DocumentValue? {
        guard digits.utf8.first.map({ (0x30...0x39).contains($0) }) == true else { return nil }
        var radix = 10
        var digits = digits
        if digits.utf8.first == UInt8(ascii: "0"), digits.utf8.count > 1 {
            switch digits.dropFirst().first {
            case "x": (radix, digits) = (16, digits.dropFirst(2))
            case "b": (radix, digits) = (2, digits.dropFirst(2))
            case "o": (radix, digits) = (8, digits.dropFirst(2))
            default: (radix, digits) = (8, digits.dropFirst())
            }
        }
        digits.removeAll { $0 == "_" }
        guard digits.first?.isHexDigit == true else { return nil }
        return Int64((isNegative ? "-" : "") + digits, radix: radix).map(DocumentValue.integer)
    }

    private static func float(_ digits: Substring, isNegative: Bool) -> DocumentValue? {
        let allowed = digits.utf8.allSatisfy {
            (0x30...0x39).contains($0) || ".eE+-_".utf8.contains($0)
        }
        guard allowed, digits.utf8.contains(where: { (0x30...0x39).contains($0) }),
            let first = digits.utf8.first, first == UInt8(ascii: ".") || (0x30...0x39).contains(first)
        else { return nil }
        let plain = digits.filter { $0 != "_" }
        let padded = (plain.hasPrefix(".") ? "0" : "") + plain
        guard let number = Double(padded.hasSuffix(".") ? padded + "0" : padded), number.isFinite else { return nil }
        return .double(isNegative ? -number : number)
    }
}
