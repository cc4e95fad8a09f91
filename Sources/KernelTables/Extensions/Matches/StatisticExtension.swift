// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A random draw, or every nth packet (`struct xt_statistic_info`, linux/netfilter/xt_statistic.h).
enum StatisticExtension: MatchExtension {
    static let signature = ExtensionSignature("statistic", revision: 0, dataLength: 24)

    private static let mode = Member<UInt16>(at: 0)
    private static let probability = Member<UInt32>(at: 4)
    /// `u.nth.count`, for the kernel's own use; from 16 on stands its pointer.
    private static let count = Member<UInt32>(at: 12)

    /// The mode of a random draw (`XT_STATISTIC_MODE_RANDOM`).
    private static let random: UInt16 = 0

    static func form(_ family: IPFamily) -> ExtensionForm {
        // iptables leaves the probability in the other mode's count as well.
        ExtensionForm(
            userLength: probability.range.upperBound, values: [probability.range],
            copiedWord: (from: probability.offset, to: count.offset))
    }

    @inline(__always)
    static func encode(_ probability: Probability, to arena: ByteArena) { arena.append(probability.fraction) }

    static func match(_ data: ExtensionData) -> Match? {
        data[mode] == random ? .random(Probability(fraction: data[probability])) : nil
    }
}

extension StatisticExtension: DescribedMatch {
    private static let flags = Member<UInt16>(at: 2)
    private static let every = Member<UInt32>(at: 4)
    private static let packet = Member<UInt32>(at: 8)

    /// The mode that counts (`XT_STATISTIC_MODE_NTH`).
    private static let nth: UInt16 = 1

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        // `XT_STATISTIC_INVERT` is the only flag.
        guard let isInverted = data.flag(flags) else { return nil }
        var match = MatchDescription("statistic", .undecidable)
        switch data[mode] {
        case random:
            match.text.add("--mode random")
            let probability = Probability(fraction: data[probability])
            match.text.add("--probability", probability.saveText, isInverted: isInverted)
        case nth:
            guard data[every] < .max else { return nil }
            match.text.add("--mode nth")
            match.text.add("--every", data[every] + 1, isInverted: isInverted)
            match.text.add("--packet", data[packet])
        default: return nil
        }
        return match
    }
}
