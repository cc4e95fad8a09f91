// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A probability as the kernel keeps it: a fraction of 2³¹ (`xt_statistic_info.u.random.probability`).
public struct Probability: Hashable, Sendable {
    /// The numerator over 2³¹, 0–2³¹.
    public let fraction: UInt32

    /// A probability from the kernel's numerator over 2³¹.
    public init(fraction: UInt32) {
        self.fraction = fraction
    }

    /// One out of `count`, as it arrives in the kernel by way of kube-proxy and iptables-restore.
    ///
    /// kube-proxy writes 1/n with ten decimals and iptables rounds that to 31 bits; rounding 1/n directly gives another
    /// number for many n.
    ///
    /// - Precondition: `count` is positive.
    public init(oneOutOf count: Int) {
        precondition(count > 0, "one out of none")
        let decimals = (1 / Double(count) * 1e10).rounded(.toNearestOrEven) / 1e10
        self.init(decimal: decimals)
    }

    /// The share of a rule that takes one packet in turn of `count`, as ``init(oneOutOf:)`` has it, but never none.
    package init(oneInTurnOf count: UInt32) {
        let probability = Probability(oneOutOf: Int(max(1, count)))
        self.init(fraction: max(1, probability.fraction))
    }

    /// `part` out of `count`, rounded to the nearest fraction that the kernel keeps.
    ///
    /// - Precondition: `part` is from 0 to `count`, and `count` is positive.
    public init(_ part: Int, outOf count: Int) {
        precondition(count > 0 && (0...count).contains(part), "no part of so many")
        fraction = UInt32((UInt64(part) << 31 + UInt64(count / 2)) / UInt64(count))
    }

    /// The probability nearest to `value`, which must be from 0 to 1, as iptables rounds it.
    init(decimal value: Double) {
        fraction = UInt32((value * 0x1p31).rounded(.toNearestOrAwayFromZero))
    }

    /// The probability as a number from 0 to 1.
    public var value: Double { Double(fraction) / 0x1p31 }

    /// The probability with eleven decimals, as iptables-save prints it.
    package var saveText: String {
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the probability with eleven decimals, as iptables-save prints it.
    func appendText(to bytes: inout [UInt8]) {
        let scaled = UInt128(fraction) * 100_000_000_000
        let (quotient, remainder) = scaled.quotientAndRemainder(dividingBy: 1 << 31)
        let half = UInt128(1) << 30
        let rounded = UInt64(quotient) + (remainder > half || (remainder == half && quotient % 2 == 1) ? 1 : 0)
        let (whole, decimals) = rounded.quotientAndRemainder(dividingBy: 100_000_000_000)
        bytes.appendDecimal(whole)
        bytes.append(UInt8(ascii: "."))
        var place: UInt64 = 10_000_000_000
        while place > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(decimals / place % 10))
            place /= 10
        }
    }
}
