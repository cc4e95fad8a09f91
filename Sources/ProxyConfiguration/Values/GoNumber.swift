// SPDX-License-Identifier: Apache-2.0

/// Numbers as pflag reads them on kube-proxy's command line.
enum GoNumber {
    /// A whole number (Go's `strconv.ParseInt` with base 0): `14`, `0xe`, `0o16`, `016`, `0b1110`, `1_000`.
    ///
    /// - Returns: `nil` for any other text, and for numbers of more than 64 bits.
    static func integer(_ text: String) -> Int64? {
        var digits = Substring(text)
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits = digits.dropFirst() }
        var radix = 10
        if digits.utf8.count > 1, digits.hasPrefix("0") {
            switch digits.dropFirst().first {
            case "x", "X": (radix, digits) = (16, digits.dropFirst(2))
            case "b", "B": (radix, digits) = (2, digits.dropFirst(2))
            case "o", "O": (radix, digits) = (8, digits.dropFirst(2))
            default: (radix, digits) = (8, digits.dropFirst(1))
            }
            // A separator may follow what names the base.
            if digits.hasPrefix("_") { digits = digits.dropFirst() }
        }
        guard let plain = withoutSeparators(digits), !plain.hasPrefix("-"), !plain.hasPrefix("+") else { return nil }
        return Int64((isNegative ? "-" : "") + plain, radix: radix)
    }

    /// A finite number (Go's `strconv.ParseFloat`), with separators between digits.
    static func decimal(_ text: String) -> Double? {
        guard let plain = withoutSeparators(Substring(text)), let number = Double(plain), number.isFinite else {
            return nil
        }
        return number
    }

    /// The text without `_`, each of which must stand between two digits.
    private static func withoutSeparators(_ text: Substring) -> String? {
        guard text.contains("_") else { return String(text) }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        let isSeparated = zip(parts, parts.dropFirst()).allSatisfy { before, after in
            before.last?.isHexDigit == true && after.first?.isHexDigit == true
        }
        return isSeparated ? parts.joined() : nil
    }
}
