// SPDX-License-Identifier: Apache-2.0

/// Escapes in JSON of what a terminal would obey: encoders escape only the control characters below U+0020.
package enum JSONEscapes {
    /// `\u` escapes for a character that must not be in JSON as it is.
    ///
    /// Two for a character beyond U+FFFF (RFC 8259, section 7).
    package static func escape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    /// The same JSON, without anything that a terminal would obey; line ends between values stay.
    ///
    /// - Parameter json: well-formed JSON, in UTF-8. Whatever is not ASCII can only be in its texts.
    package static func printable(_ json: [UInt8]) -> [UInt8] {
        if json.allSatisfy({ $0 < 0x7f }) { return json }
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            if scalar.value < 0x7f || scalar.isPrintable {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                result.append(contentsOf: escape(scalar).utf8)
            }
        }
        return result
    }
}
