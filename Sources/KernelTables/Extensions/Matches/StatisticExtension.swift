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

    private static let every = Member<UInt32>(at: 4)
    private static let packet = Member<UInt32>(at: 8)

    /// The mode of a random draw (`XT_STATISTIC_MODE_RANDOM`).
    private static let random: UInt16 = 0
    /// The mode that counts (`XT_STATISTIC_MODE_NTH`).
    private static let nth: UInt16 = 1

    static func form(_ family: IPFamily) -> ExtensionForm {
        // iptables leaves the probability in the other mode's count as well.
        ExtensionForm(
            userLength: probability.range.upperBound, values: [probability.range],
            copiedWord: (from: probability.offset, to: count.offset))
    }

    @inline(__always)
    static func encode(_ probability: Probability, to arena: ByteArena) { arena.append(probability.fraction) }

    static func match(_ data: ExtensionData) -> Match? {
        switch data[mode] {
        case random: .random(Probability(fraction: data[probability]))
        case nth: data[packet] == 0 && data[every] < .max ? .everyNth(data[every] + 1) : nil
        default: nil
        }
    }

    /// The other mode of the same extension.
    enum EveryNth: MatchExtension {
        static let signature = StatisticExtension.signature

        static func form(_ family: IPFamily) -> ExtensionForm {
            // The count stands where the kernel's counter begins: one below the packet that matches first. The counter itself is
            // behind the kernel's pointer, so that what is read is what was written.
            ExtensionForm(
                userLength: packet.range.upperBound, constants: [.init(mode, nth)], values: [every.range],
                copiedWord: (from: every.offset, to: count.offset))
        }

        /// - Throws: ``UnencodableValue`` for 0, which the kernel cannot count to.
        @inline(__always)
        static func encode(_ number: UInt32, to arena: ByteArena) throws(UnencodableValue) {
            guard number > 0 else { throw UnencodableValue("-m statistic --every must be 1 or more") }
            arena.append(number - 1)
        }

        static func match(_ data: ExtensionData) -> Match? { StatisticExtension.match(data) }
    }
}

extension StatisticExtension: DescribedMatch {
    private static let flags = Member<UInt16>(at: 2)

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
