// SPDX-License-Identifier: Apache-2.0

import XTables

/// How many of all packets of a kind take a way: an exact fraction, from none to all of them.
///
/// Rules draw with probabilities that the kernel keeps as fractions of 2³¹ (`xt_statistic_info`), so every share is a whole
/// number over a power of two. Both can have any length: the thousandth endpoint of a Service has a numerator of 31,000
/// bits, which no type of fixed width holds.
public struct Share: Hashable, Sendable {
    /// The numerator in words of 64 bits, the lowest first; the last one is not 0, and nothing at all is no word.
    private var words: [UInt64]
    /// The denominator is 2 to the power of this; 0, or the numerator is odd.
    private var exponent: Int

    /// No packet.
    public static let none = Share(words: [], exponent: 0)
    /// All packets.
    public static let all = Share(words: [1], exponent: 0)

    /// The share of packets that a rule with this probability matches.
    public init(_ probability: Probability) {
        self.init(words: [UInt64(probability.fraction)], exponent: Self.probabilityBits)
    }

    /// The share of all clients that are in one of several, as the kernel scales a hash of 32 bits (`reciprocal_scale`).
    init(_ clients: ClientShare) {
        let values = UInt64(1) << 32
        self.init(words: [(values + UInt64(clients.count) - 1) / UInt64(clients.count)], exponent: 32)
    }

    private static let probabilityBits = 31

    private init(words: [UInt64], exponent: Int) {
        self.words = words
        self.exponent = exponent
        reduce()
    }

    /// Halves numerator and denominator as often as both can be, so that equal shares have equal parts.
    private mutating func reduce() {
        while words.last == 0 { words.removeLast() }
        guard let first = words.firstIndex(where: { $0 != 0 }) else {
            exponent = 0
            return
        }
        let bits = min(exponent, first * UInt64.bitWidth + words[first].trailingZeroBitCount)
        guard bits > 0 else { return }
        words = Self.shiftedRight(words, by: bits)
        exponent -= bits
    }

    /// Whether it is no packet at all.
    public var isNone: Bool { words.isEmpty }

    /// The share of both together.
    public static func + (left: Share, right: Share) -> Share {
        if left.isNone { return right }
        if right.isNone { return left }
        let exponent = max(left.exponent, right.exponent)
        let (first, second) = (left.words(over: exponent), right.words(over: exponent))
        let (longer, shorter) = first.count < second.count ? (second, first) : (first, second)
        var sum = longer
        var carry: UInt64 = 0
        for index in longer.indices {
            if index >= shorter.count, carry == 0 { break }
            let (partial, overflow) = longer[index].addingReportingOverflow(index < shorter.count ? shorter[index] : 0)
            let (total, secondOverflow) = partial.addingReportingOverflow(carry)
            sum[index] = total
            carry = overflow || secondOverflow ? 1 : 0
        }
        if carry > 0 { sum.append(carry) }
        return Share(words: sum, exponent: exponent)
    }

    /// Adds another share.
    public static func += (left: inout Share, right: Share) { left = left + right }

    /// What is left without `right`.
    ///
    /// - Precondition: `right` is not larger than `left`.
    public static func - (left: Share, right: Share) -> Share {
        precondition(left >= right, "a share below none")
        let exponent = max(left.exponent, right.exponent)
        let subtrahend = right.words(over: exponent)
        var difference = left.words(over: exponent)
        var borrow: UInt64 = 0
        for index in difference.indices {
            if index >= subtrahend.count, borrow == 0 { break }
            let subtracted = index < subtrahend.count ? subtrahend[index] : 0
            let (partial, overflow) = difference[index].subtractingReportingOverflow(subtracted)
            let (total, secondOverflow) = partial.subtractingReportingOverflow(borrow)
            difference[index] = total
            borrow = overflow || secondOverflow ? 1 : 0
        }
        return Share(words: difference, exponent: exponent)
    }

    /// The share `right` of the share `left`.
    public static func * (left: Share, right: Share) -> Share {
        if left == .all { return right }
        if right == .all { return left }
        var product = [UInt64](repeating: 0, count: left.words.count + right.words.count)
        for (offset, factor) in right.words.enumerated() {
            var carry: UInt64 = 0
            for (index, word) in left.words.enumerated() {
                let (high, low) = word.multipliedFullWidth(by: factor)
                let total = UInt128(low) + UInt128(product[index + offset]) + UInt128(carry)
                product[index + offset] = UInt64(truncatingIfNeeded: total)
                // At most 2⁶⁴ − 2, so one more fits: the product of two words and two words more is below 2¹²⁸.
                carry = high + UInt64(total >> 64)
            }
            product[left.words.count + offset] = carry
        }
        return Share(words: product, exponent: left.exponent + right.exponent)
    }

    /// Whether the two differ by no more than a tolerance.
    func isNear(_ other: Share, _ tolerance: Share) -> Bool {
        if self == other { return true }
        return (self < other ? other - self : self - other) <= tolerance
    }

    /// More than what the rounding of draws changes: 2⁻²⁶, one packet in 67 million.
    public static let rounding = Share(words: [1], exponent: 26)
    /// More than what hashes of clients leave uneven (xt_cluster, bit by bit): 2⁻²⁰, one client in a million.
    public static let clientRounding = Share(words: [1], exponent: 20)

    /// What is left of all packets.
    public var rest: Share { .all - self }

    private func words(over exponent: Int) -> [UInt64] { Self.shiftedLeft(words, by: exponent - self.exponent) }

    private static func shiftedLeft(_ words: [UInt64], by bits: Int) -> [UInt64] {
        guard bits > 0, !words.isEmpty else { return words }
        let (whole, rest) = bits.quotientAndRemainder(dividingBy: UInt64.bitWidth)
        var shifted = [UInt64](repeating: 0, count: whole + words.count + 1)
        for (index, word) in words.enumerated() {
            shifted[whole + index] |= word << UInt64(rest)
            // A shift by all 64 bits gives 0.
            shifted[whole + index + 1] |= word >> UInt64(UInt64.bitWidth - rest)
        }
        while shifted.last == 0 { shifted.removeLast() }
        return shifted
    }

    private static func shiftedRight(_ words: [UInt64], by bits: Int) -> [UInt64] {
        let (whole, rest) = bits.quotientAndRemainder(dividingBy: UInt64.bitWidth)
        var shifted = (whole..<words.count).map { index in
            let above = index + 1 < words.count ? words[index + 1] : 0
            return words[index] >> UInt64(rest) | above << UInt64(UInt64.bitWidth - rest)
        }
        while shifted.last == 0 { shifted.removeLast() }
        return shifted
    }
}

extension Share: Comparable {
    /// Shares are ordered by size.
    public static func < (left: Share, right: Share) -> Bool {
        let exponent = max(left.exponent, right.exponent)
        let (first, second) = (left.words(over: exponent), right.words(over: exponent))
        if first.count != second.count { return first.count < second.count }
        for index in first.indices.reversed() where first[index] != second[index] {
            return first[index] < second[index]
        }
        return false
    }
}

extension Share: CustomStringConvertible {
    /// The share in per cent, rounded to two decimals: `33.33%`.
    public var description: String { percentText(decimals: 2) }

    /// The share in per cent with so many decimals, rounded from the exact fraction, half up.
    public func percentText(decimals: Int) -> String {
        var factor: UInt64 = 100
        for _ in 0..<decimals { factor *= 10 }
        var scaled = self * Share(words: [factor], exponent: 0)
        if scaled.exponent > 0 { scaled += Share(words: [1], exponent: 1) }
        // What is left below a whole number is cut off.
        let digits = Self.shiftedRight(scaled.words, by: scaled.exponent).first ?? 0
        guard decimals > 0 else { return "\(digits)%" }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - "\(digits)".count)) + "\(digits)"
        return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))%"
    }

    /// The number from 0 to 1 that is nearest below, within 2⁻⁵² of the share; for pictures and statistics.
    public var approximation: Double {
        guard let last = words.last else { return 0 }
        let below = words.count > 1 ? words[words.count - 2] : 0
        let value = Double(last) + Double(below) * 0x1p-64
        return value.scaled(by: (words.count - 1) * UInt64.bitWidth - exponent)
    }
}

extension Double {
    private static let smallestExponent = -1022

    /// This number times 2 to the power of `exponent`; 0 where it would be too small for a normal number.
    fileprivate func scaled(by exponent: Int) -> Double {
        guard self != 0, exponent + Int(self.exponent) >= Self.smallestExponent else { return 0 }
        return Double(sign: .plus, exponent: exponent, significand: self)
    }
}
