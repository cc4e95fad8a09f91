// SPDX-License-Identifier: Apache-2.0

import Messages

extension JSONReader {
    /// Reads a text in quotes; the reader stands on the opening one.
    mutating func string() throws(DocumentError) -> String {
        let opening = position
        var end = position + 1
        while end < bytes.count {
            let byte = bytes[end]
            if byte == UInt8(ascii: "\"") {
                let content = UnsafeBufferPointer(rebasing: bytes[(opening + 1)..<end])
                guard let text = interner.text(content) else { throw notUTF8(from: opening + 1, to: end) }
                position = end + 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try stringWithEscapes(plainUpTo: end) }
            if byte < 0x20 {
                throw error("a control character (byte \(byte)) inside a string must be escaped", at: end)
            }
            end += 1
        }
        throw error("the string that begins here has no closing quote", at: opening)
    }

    private mutating func stringWithEscapes(plainUpTo firstEscape: Int) throws(DocumentError) -> String {
        let opening = position
        var content = Array(bytes[(opening + 1)..<firstEscape])
        position = firstEscape
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw notUTF8(from: opening + 1, to: position)
                }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                try appendEscape(to: &content)
            case 0..<0x20:
                throw error("a control character (byte \(byte)) inside a string must be escaped")
            default:
                content.append(byte)
                position += 1
            }
        }
        throw error("the string that begins here has no closing quote", at: opening)
    }

    private mutating func appendEscape(to content: inout [UInt8]) throws(DocumentError) {
        guard position + 1 < bytes.count else { throw error("the text ends inside an escape") }
        let plain: UInt8
        switch bytes[position + 1] {
        case UInt8(ascii: "\""): plain = UInt8(ascii: "\"")
        case UInt8(ascii: "\\"): plain = UInt8(ascii: "\\")
        case UInt8(ascii: "/"): plain = UInt8(ascii: "/")
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0c
        case UInt8(ascii: "n"): plain = 0x0a
        case UInt8(ascii: "r"): plain = 0x0d
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            content.append(contentsOf: Character(try escapedScalar()).utf8)
            return
        default:
            throw error("invalid escape: a backslash must be doubled")
        }
        content.append(plain)
        position += 2
    }

    /// Reads `\uXXXX`, or two of them that are a surrogate pair.
    private mutating func escapedScalar() throws(DocumentError) -> UnicodeScalar {
        let start = position
        let first = try escapedUnit()
        if let scalar = UnicodeScalar(first) { return scalar }
        guard first < 0xdc00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("invalid escape: half of a surrogate pair", at: start) }
        let second = try escapedUnit()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = UnicodeScalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw error("invalid escape: half of a surrogate pair", at: start) }
        return scalar
    }

    private mutating func escapedUnit() throws(DocumentError) -> UInt32 {
        let end = position + 6
        guard end <= bytes.count else { throw error("the text ends inside an escape") }
        var unit: UInt32 = 0
        for byte in bytes[(position + 2)..<end] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw error("\\u must be followed by four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
        }
        position = end
        return unit
    }

    private func notUTF8(from start: Int, to end: Int) -> DocumentError {
        // The longest valid beginning ends where the first bad byte is.
        var place = start
        while place < end {
            let length =
                switch bytes[place] {
                case 0..<0x80: 1
                case 0xc0..<0xe0: 2
                case 0xe0..<0xf0: 3
                default: 4
                }
            guard place + length <= end, String(validating: bytes[place..<(place + length)], as: UTF8.self) != nil
            else {
                break
            }
            place += length
        }
        return error("invalid UTF-8", at: place)
    }

    /// Reads a number; the reader stands on its sign or first digit.
    mutating func number() throws(DocumentError) -> DocumentValue {
        let start = position
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let firstDigit = position
        var magnitude: Int64 = 0
        var fits = true
        while let digit = digit() {
            let (shifted, multiplied) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, added) = shifted.addingReportingOverflow(digit)
            fits = fits && !multiplied && !added
            magnitude = sum
            position += 1
        }
        guard position > firstDigit else { throw error("\(found()) where a digit should be") }
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            throw error("invalid number: it must not begin with 0", at: firstDigit)
        }
        let isWhole = try !skipFractionAndExponent()
        if isWhole, fits { return .integer(isNegative ? -magnitude : magnitude) }
        guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)), number.isFinite else {
            let text = MessageText.escaped(String(decoding: bytes[start..<position], as: UTF8.self))
            throw error(
                "the number \(text) is too large: no field of an object takes more than \(Int64.max)", at: start)
        }
        return .double(number)
    }

    private func digit() -> Int64? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        return Int64(bytes[position] - 0x30)
    }

    private mutating func skipFractionAndExponent() throws(DocumentError) -> Bool {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try skipDigits()
        }
        return position > start
    }

    private mutating func skipDigits() throws(DocumentError) {
        guard digit() != nil else { throw error("\(found()) where a digit should be") }
        while digit() != nil { position += 1 }
    }
}
