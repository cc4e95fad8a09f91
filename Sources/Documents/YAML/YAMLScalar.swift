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
            return shortInteger(text.utf8) ?? YAMLNumber.value(text) ?? .string(text)
        default:
            return word(text) ?? .string(text)
        }
    }

    /// Whether a plain scalar is null.
    static func isNull(_ text: String) -> Bool { text.isEmpty || word(text)?.isNull == true }

    /// Most texts are longer than any of the words, or begin otherwise, and hashing all of them takes time.
    private static func word(_ text: String) -> DocumentValue? {
        let bytes = text.utf8
        guard bytes.count <= longestWord, let first = bytes.first, firstBytes.contains(first) else { return nil }
        return words[text]
    }

    private static let firstBytes = "~nNtTfFyYoO".utf8
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
}
