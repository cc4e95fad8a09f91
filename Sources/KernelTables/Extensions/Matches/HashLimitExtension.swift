// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A rate for each address or port (`struct xt_hashlimit_mtinfo3`, linux/netfilter/xt_hashlimit.h).
///
/// Rates in bytes, and `--hashlimit-rate-match`, are not understood.
enum HashLimitExtension: MatchExtension {
    static let signature = ExtensionSignature("hashlimit", revision: 3, dataLength: 312)

    private static let name = MemberBytes(at: 0, length: 255)
    private static let period = Member<UInt64>(at: 256)
    private static let burst = Member<UInt64>(at: 264)
    private static let mode = Member<UInt32>(at: 272)
    private static let size = Member<UInt32>(at: 276)
    private static let maximum = Member<UInt32>(at: 280)
    private static let collectionInterval = Member<UInt32>(at: 284)
    private static let expiry = Member<UInt32>(at: 288)
    private static let sourceMask = Member<UInt8>(at: 296)
    private static let destinationMask = Member<UInt8>(at: 297)

    /// What the table goes by (`XT_HASHLIMIT_HASH_*`), in the order of iptables-save.
    private static let modeNames = BitNames<UInt32>([
        (1 << 2, "srcip"), (1 << 3, "srcport"), (1 << 0, "dstip"), (1 << 1, "dstport"),
    ])
    /// `XT_HASHLIMIT_INVERT`: what exceeds the rate is matched.
    private static let invert: UInt32 = 1 << 4
    /// Units of the period in a second (`XT_HASHLIMIT_SCALE_v2`).
    private static let scale: UInt64 = 1_000_000
    /// Milliseconds (`XT_HASHLIMIT_GCINTERVAL`).
    private static let defaultCollectionInterval: UInt32 = 1000

    /// Behind it stands the kernel's pointer to the table.
    private static let length = 304

    /// Of all rates, our language has the one of ``RetryAllowance``, so nothing in the data differs.
    static func form(_ family: IPFamily) -> ExtensionForm {
        let text = RetryAllowance.name.utf8.enumerated().map { index, byte in
            ExtensionForm.Constant(Member<UInt8>(at: name.range.lowerBound + index), byte)
        }
        let mask = UInt8(family.addressBits)
        return ExtensionForm(
            userLength: length,
            constants: text + [
                .init(period, RetryAllowance.period * scale), .init(burst, RetryAllowance.burst),
                .init(mode, destinationAddress | destinationPort),
                .init(collectionInterval, defaultCollectionInterval), .init(expiry, RetryAllowance.expiry),
                .init(sourceMask, mask), .init(destinationMask, mask),
            ])
    }

    static func match(_ data: ExtensionData) -> Match? { .retryAllowance }

    /// `XT_HASHLIMIT_HASH_DIP`, `XT_HASHLIMIT_HASH_DPT`.
    private static let destinationAddress: UInt32 = 1 << 0
    private static let destinationPort: UInt32 = 1 << 1
}

extension HashLimitExtension: DescribedMatch {
    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let rate = PacketRate(period: data[period], scale: scale), let name = data.text(name) else { return nil }
        let table = data[mode] & ~invert
        guard table & ~0xf == 0 else { return nil }
        var match = MatchDescription("hashlimit", .undecidable)
        match.text.add(data[mode] & invert != 0 ? "--hashlimit-above" : "--hashlimit-upto", rate.text)
        match.text.add("--hashlimit-burst", data[burst])
        if let modes = modeNames.text(table) { match.text.add("--hashlimit-mode", modes) }
        match.text.add("--hashlimit-name", name)
        if data[size] != 0 { match.text.add("--hashlimit-htable-size", data[size]) }
        if data[maximum] != 0 { match.text.add("--hashlimit-htable-max", data[maximum]) }
        if data[collectionInterval] != defaultCollectionInterval {
            match.text.add("--hashlimit-htable-gcinterval", data[collectionInterval])
        }
        // Not printed when it is the unit of the rate.
        if UInt64(data[expiry]) != rate.unit * 1000 { match.text.add("--hashlimit-htable-expire", data[expiry]) }
        let fullMask = UInt8(data.family.addressBits)
        if data[sourceMask] != fullMask { match.text.add("--hashlimit-srcmask", data[sourceMask]) }
        if data[destinationMask] != fullMask { match.text.add("--hashlimit-dstmask", data[destinationMask]) }
        return match
    }
}
