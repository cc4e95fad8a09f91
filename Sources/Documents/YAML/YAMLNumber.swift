// SPDX-License-Identifier: Apache-2.0

/// What a number is that is written in YAML 1.1, in any of its forms.
///
/// It works on bytes: texts that only begin like numbers, as dates do, are many.
enum YAMLNumber {
    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// The value of a number; `nil` if the text is none.
    static func value(_ text: String) -> DocumentValue? {
        var text = text
        return text.withUTF8 { value($0[...]) }
    }

    private static func value(_ text: Bytes) -> DocumentValue? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        if isAny(digits, of: [".inf", ".Inf", ".INF"]) { return .double(isNegative ? -.infinity : .infinity) }
        if isAny(text, of: [".nan", ".NaN", ".NAN"]) { return .double(.nan) }
        if let number = integer(digits, isNegative: isNegative) { return .integer(number) }
        return float(digits).map { .double(isNegative ? -$0 : $0) }
    }

    private static func isAny(_ text: Bytes, of words: [StaticString]) -> Bool {
        guard text.first == UInt8(ascii: ".") else { return false }
        return words.contains { $0.withUTF8Buffer { $0.elementsEqual(text) } }
    }

    private static func integer(_ digits: Bytes, isNegative: Bool) -> Int64? {
        guard let first = digits.first, isDigit(first) else { return nil }
        var radix: UInt64 = 10
        var digits = digits
        if first == UInt8(ascii: "0"), digits.count > 1 {
            digits = digits.dropFirst()
            switch digits.first {
            case UInt8(ascii: "x"): (radix, digits) = (16, digits.dropFirst())
            case UInt8(ascii: "b"): (radix, digits) = (2, digits.dropFirst())
            case UInt8(ascii: "o"): (radix, digits) = (8, digits.dropFirst())
            default: radix = 8
            }
        }
        guard let magnitude = magnitude(digits, radix: radix) else { return nil }
        guard isNegative else { return Int64(exactly: magnitude) }
        return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }

    private static func magnitude(_ digits: Bytes, radix: UInt64) -> UInt64? {
        var magnitude: UInt64?
        for byte in digits where byte != UInt8(ascii: "_") {
            guard let digit = hexDigit(byte), digit < radix else { return nil }
            let (product, isTooLarge) = (magnitude ?? 0).multipliedReportingOverflow(by: radix)
            let (sum, overflows) = product.addingReportingOverflow(digit)
            if isTooLarge || overflows { return nil }
            magnitude = sum
        }
        return magnitude
    }

    private static func hexDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// A finite number with a point or an exponent, or one that is too long for an integer.
    private static func float(_ digits: Bytes) -> Double? {
        guard isFloat(digits) else { return nil }
        var plain = digits.filter { $0 != UInt8(ascii: "_") }
        if plain.first == UInt8(ascii: ".") { plain.insert(UInt8(ascii: "0"), at: 0) }
        if plain.last == UInt8(ascii: ".") { plain.append(UInt8(ascii: "0")) }
        guard let number = Double(String(decoding: plain, as: UTF8.self)), number.isFinite else { return nil }
        return number
    }

    /// Whether the form is that of a number: digits, a point, more digits, an exponent, with `_` anywhere but first.
    private static func isFloat(_ text: Bytes) -> Bool {
        guard let first = text.first, first == UInt8(ascii: ".") || isDigit(first) else { return false }
        var hasDigits = false
        var pointCount = 0
        var previous: UInt8 = 0
        var hasExponent = false
        for byte in text where byte != UInt8(ascii: "_") {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): hasDigits = true
            case UInt8(ascii: ".") where !hasExponent && pointCount == 0: pointCount += 1
            case UInt8(ascii: "e") where !hasExponent, UInt8(ascii: "E") where !hasExponent: hasExponent = true
            case UInt8(ascii: "+") where isExponentMark(previous), UInt8(ascii: "-") where isExponentMark(previous):
                break
            default: return false
            }
            previous = byte
        }
        // An exponent has at least one digit.
        return hasDigits && (!hasExponent || isDigit(previous))
    }

    private static func isExponentMark(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "e") }
}
